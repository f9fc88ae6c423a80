package dev.valetkey.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What Kubernetes demands of a pod beyond its schema, and we of its sidecars. */
public final class PodFacts {
  /** What no container but ours may see. */
  private static final Set<String> OURS_ALONE =
      Set.of("/run/valetkey", "/run/valetkey-envoy", "/etc/valetkey", "/etc/envoy");

  private final List<JsonObject> init;
  private final List<JsonObject> containers;
  private final List<JsonObject> volumes;

  /**
   * @param spec a pod's
   */
  public PodFacts(JsonObject spec) {
    this.init = Manifests.list(spec, "initContainers");
    this.containers = Manifests.list(spec, "containers");
    this.volumes = Manifests.list(spec, "volumes");
  }

  /** Names are unique, every mount has its volume and a place of its own. */
  public void fitTogether() {
    List<JsonObject> all = new ArrayList<>(init);
    all.addAll(containers);
    assertThat(all).extracting(Manifests::name).doesNotHaveDuplicates();
    assertThat(volumes).extracting(Manifests::name).doesNotHaveDuplicates();
    Set<String> known = new HashSet<>(volumes.stream().map(Manifests::name).toList());
    for (JsonObject container : all) {
      List<JsonObject> mounts = Manifests.list(container, "volumeMounts");
      assertThat(known).as(Manifests.name(container)).containsAll(names(mounts));
      assertThat(mounts)
          .as(Manifests.name(container))
          .extracting(mount -> mount.get("mountPath").getAsString())
          .doesNotHaveDuplicates();
      assertThat(Manifests.list(container, "env"))
          .as(Manifests.name(container))
          .extracting(Manifests::name)
          .doesNotHaveDuplicates();
    }
  }

  /**
   * Ours have no right but one capability of one of them; the pod's own containers see no folder of
   * ours but the trusted certificates, and those read-only.
   *
   * @param envoy the name of Envoy's container
   * @param capture the name of the one that loads the ruleset
   */
  public void areGuarded(String envoy, String capture) {
    Map<String, List<JsonObject>> mounts = new TreeMap<>();
    for (JsonObject container : init) {
      mounts.put(Manifests.name(container), Manifests.list(container, "volumeMounts"));
    }
    containers.forEach(c -> mounts.put(Manifests.name(c), Manifests.list(c, "volumeMounts")));
    mounts.forEach((container, seen) -> {
      boolean ours =
          container.equals(envoy) || container.equals(capture) || container.startsWith("valetkey");
      for (JsonObject mount : seen) {
        String path = mount.get("mountPath").getAsString();
        assertThat(ours || !OURS_ALONE.contains(path)).as(container + " sees " + path).isTrue();
        if (path.equals("/run/valetkey")) {
          assertThat(container).isIn("valetkey", envoy);
        }
        if (path.equals("/run/valetkey-trust") && !container.equals("valetkey")) {
          assertThat(mount.get("readOnly").getAsBoolean()).as(container).isTrue();
        }
      }
    });
    for (JsonObject container : init) {
      String name = Manifests.name(container);
      if (name.equals(capture)) {
        assertThat(security(container))
            .isEqualTo(security(0, 0, ", \"add\": [\"NET_ADMIN\"]", false));
      } else if (name.equals(envoy)) {
        assertThat(security(container)).isEqualTo(security(1337, 1337, "", true));
      } else if (name.startsWith("valetkey")) {
        assertThat(security(container)).isEqualTo(security(1338, 1337, "", true));
      }
    }
  }

  private static JsonObject security(JsonObject container) {
    JsonObject security = container.getAsJsonObject("securityContext").deepCopy();
    security.remove("privileged");
    return security;
  }

  private static JsonObject security(int uid, int gid, String add, boolean nonRoot) {
    return Manifests.of(
            """
            {"runAsUser": %d, "runAsGroup": %d, "runAsNonRoot": %b, "readOnlyRootFilesystem": true,
             "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]%s},
             "seccompProfile": {"type": "RuntimeDefault"}}
            """
                .formatted(uid, gid, nonRoot, add))
        .getFirst();
  }

  private static List<String> names(List<JsonObject> named) {
    return named.stream().map(Manifests::name).toList();
  }
}
