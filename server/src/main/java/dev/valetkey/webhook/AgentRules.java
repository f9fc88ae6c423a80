package dev.valetkey.webhook;

import static dev.valetkey.webhook.PodParts.ENVOY_UID;
import static dev.valetkey.webhook.PodParts.VALETKEY_UID;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * In which pods the sidecars would guard nothing: where the agent could be taken for Envoy or for
 * valetkey, which it is by uid; could undo the capture; or could open the socket. All that is wrong
 * at once, one sentence each.
 */
final class AgentRules {
  /** Each leads past the capture, or into another process. */
  static final Set<String> FORBIDDEN_CAPABILITIES =
      Set.of(
          "ALL",
          "BPF",
          "NET_ADMIN",
          "NET_RAW",
          "SETUID",
          "SYS_ADMIN",
          "SYS_MODULE",
          "SYS_PTRACE",
          "SYS_RAWIO");

  private AgentRules() {}

  /** Of a pod as a whole. */
  static List<String> ofPod(JsonObject pod) {
    List<String> problems = new ArrayList<>();
    JsonObject metadata = Tree.object(pod, "metadata");
    JsonObject spec = Tree.object(pod, "spec");
    if (Tree.objects(spec, "containers").isEmpty()) {
      problems.add("The pod has no containers.");
    }
    if (Boolean.TRUE.equals(Tree.flag(spec, "hostNetwork"))) {
      problems.add("The pod uses the node's network (hostNetwork), which is not ours to capture.");
    }
    if (Boolean.TRUE.equals(Tree.flag(spec, "hostPID"))) {
      problems.add("The pod sees the node's processes (hostPID), ours among them.");
    }
    if (Boolean.TRUE.equals(Tree.flag(spec, "shareProcessNamespace"))) {
      problems.add("The pod's containers see each other's processes (shareProcessNamespace).");
    }
    if (isInAMesh(metadata, spec)) {
      problems.add(
          "Istio's sidecar captures the same connections; configure valetkey in that sidecar"
              + " (layout istio-sidecar), or annotate the pod with sidecar.istio.io/inject:"
              + " \"false\".");
    }
    uid(problems, "The pod", Tree.object(spec, "securityContext"));
    return problems;
  }

  /** Of one container of the pod's own, of whatever kind. */
  static List<String> ofContainer(JsonObject container) {
    List<String> problems = new ArrayList<>();
    String who = "Container " + Tree.name(container);
    JsonObject security = Tree.object(container, "securityContext");
    uid(problems, who, security);
    if (Boolean.TRUE.equals(Tree.flag(security, "privileged"))) {
      problems.add(who + " is privileged, so that it could undo the capture.");
    }
    if (Boolean.TRUE.equals(Tree.flag(security, "allowPrivilegeEscalation"))) {
      problems.add(
          who + " may take on another user (allowPrivilegeEscalation), Envoy's for example.");
    }
    for (String added : Tree.texts(Tree.object(security, "capabilities"), "add")) {
      if (FORBIDDEN_CAPABILITIES.contains(capability(added))) {
        problems.add(who + " has the capability " + capability(added) + ", a way past us.");
      }
    }
    String target = Tree.text(container, "targetContainerName");
    if (target != null && PodParts.CONTAINER_NAMES.contains(target)) {
      problems.add(who + " is to see the processes of " + target + ", which is not for it.");
    }
    for (JsonObject mount : mounts(container)) {
      String volume = Tree.name(mount);
      if (PodParts.VOLUME_NAMES.contains(volume) && !volume.equals(PodParts.TRUST)) {
        problems.add(who + " mounts the volume " + volume + ", which is not for it.");
      }
    }
    return problems;
  }

  /** A capability's name as Kubernetes writes it. */
  static String capability(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.startsWith("CAP_") ? upper.substring("CAP_".length()) : upper;
  }

  private static void uid(List<String> problems, String who, JsonObject securityContext) {
    @Nullable Long uid = Tree.number(securityContext, "runAsUser");
    if (uid != null && (uid == ENVOY_UID || uid == VALETKEY_UID)) {
      problems.add(
          who + " runs as uid " + uid + ", which is " + (uid == ENVOY_UID ? "Envoy's." : "ours."));
    }
  }

  private static List<JsonObject> mounts(JsonObject container) {
    List<JsonObject> mounts = new ArrayList<>(Tree.objects(container, "volumeMounts"));
    // A block device is named in the same way.
    mounts.addAll(Tree.objects(container, "volumeDevices"));
    return mounts;
  }

  private static boolean isInAMesh(JsonObject metadata, JsonObject spec) {
    List<JsonObject> containers = new ArrayList<>(Tree.objects(spec, "containers"));
    containers.addAll(Tree.objects(spec, "initContainers"));
    return Tree.object(metadata, "annotations").has("sidecar.istio.io/status")
        || containers.stream().anyMatch(container -> Tree.name(container).equals("istio-proxy"));
  }
}
