package dev.valetkey.webhook;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One of the pod's own containers, as it becomes beside the sidecars: without the ways to another
 * uid and past the network, and, where TLS is opened in the pod, with the pod's certificates. What
 * it has stays.
 */
final class AgentContainer {
  /** In the set that a container has by default, and a way past the capture. */
  private static final List<String> WAYS_PAST = List.of("NET_RAW", "SETUID");

  /** An option that counts once: the last one would win over the container's own. */
  private static final String TRUST_STORE = "-Djavax.net.ssl.trustStore";

  private final PodPatch patch;
  private final JsonObject container;
  private final String path;
  private final List<String> problems;
  private final List<String> warnings;

  AgentContainer(
      PodPatch patch,
      JsonObject container,
      String path,
      List<String> problems,
      List<String> warnings) {
    this.patch = patch;
    this.container = container;
    this.path = path;
    this.problems = problems;
    this.warnings = warnings;
  }

  void prepare(PodParts parts) {
    confine(patch, container, path);
    for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
      if (Tree.object(container, probe).has("tcpSocket")) {
        warnings.add(
            "container "
                + Tree.name(container)
                + ": once users' calls are captured, a tcpSocket "
                + probe
                + " reaches Envoy and stays green when the agent is dead; use httpGet, grpc or"
                + " exec");
      }
    }
    trust(parts);
  }

  /**
   * Root may become any uid by SETUID, and anybody by a program with the setuid bit; the first is
   * dropped and the second switched off where the container says nothing about it.
   */
  static void confine(PodPatch patch, JsonObject container, String path) {
    JsonObject security = patch.object(container, path, "securityContext");
    String at = path + "/securityContext";
    if (Tree.flag(security, "allowPrivilegeEscalation") == null) {
      patch.set(security, at, "allowPrivilegeEscalation", new JsonPrimitive(false));
    }
    JsonObject capabilities = patch.object(security, at, "capabilities");
    List<String> dropped =
        Tree.texts(capabilities, "drop").stream().map(AgentRules::capability).toList();
    if (!dropped.contains("ALL")) {
      WAYS_PAST.stream()
          .filter(way -> !dropped.contains(way))
          .forEach(way ->
              patch.append(capabilities, at + "/capabilities", "drop", new JsonPrimitive(way)));
    }
  }

  private void trust(PodParts parts) {
    List<JsonObject> mounts =
        Tree.objects(container, "volumeMounts").stream()
            .filter(mount -> Tree.name(mount).equals(PodParts.TRUST))
            .toList();
    if (parts.trustVariables().isEmpty()) {
      if (!mounts.isEmpty()) {
        mountsItself();
      }
      return;
    }
    if (mounts.isEmpty()) {
      patch.append(container, path, "volumeMounts", parts.trustMount());
    } else if (!mounts.equals(List.of(parts.trustMount()))) {
      mountsItself();
    }
    new TreeMap<>(parts.trustVariables()).forEach(this::variable);
  }

  private void mountsItself() {
    problems.add(
        "Container " + Tree.name(container) + " mounts the volume " + PodParts.TRUST + " itself.");
  }

  /** Java's options are a list that ours join; another value is the container's own choice. */
  private void variable(String name, String value) {
    List<JsonObject> variables = Tree.objects(container, "env");
    int at = new ArrayList<>(variables.stream().map(Tree::name).toList()).lastIndexOf(name);
    if (at < 0) {
      patch.append(container, path, "env", variable(Map.of("name", name, "value", value)));
      return;
    }
    String present = Tree.text(variables.get(at), "value");
    if (present != null && (present.equals(value) || isJoined(name, present, value))) {
      return;
    }
    if (present != null && name.equals(PodParts.JAVA_OPTIONS) && !present.contains(TRUST_STORE)) {
      patch.replace(
          container,
          path,
          "env",
          at,
          variable(Map.of("name", name, "value", present + " " + value)));
      return;
    }
    warnings.add(
        "container "
            + Tree.name(container)
            + " sets "
            + name
            + " itself and has to trust the pod's certificate authority on its own");
  }

  private static boolean isJoined(String name, String present, String value) {
    return name.equals(PodParts.JAVA_OPTIONS) && present.endsWith(" " + value);
  }

  private static JsonElement variable(Map<String, String> members) {
    JsonObject variable = new JsonObject();
    new TreeMap<>(members).forEach(variable::addProperty);
    return variable;
  }
}
