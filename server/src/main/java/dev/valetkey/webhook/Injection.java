package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives a pod its sidecars, or says why not. Ours start before the pod's own init containers, so
 * that these are captured too and find Envoy running. A pod that has all of it already is left as
 * it is, so it may be asked any number of times.
 */
final class Injection {
  private final PodImages images;

  Injection(PodImages images) {
    this.images = images;
  }

  /** Of a pod that is to be made. */
  Verdict ofPod(JsonObject pod) {
    JsonObject metadata = Tree.object(pod, "metadata");
    switch (Tree.text(Tree.object(metadata, "labels"), Wish.LABEL)) {
      case null -> {
        return Verdict.Admitted.unchanged();
      }
      case "false" -> {
        return Verdict.Admitted.unchanged();
      }
      case "true" -> {}
      default -> {
        return refused("The label " + Wish.LABEL + " must be \"true\" or \"false\".");
      }
    }
    List<String> problems = AgentRules.ofPod(pod);
    Wish wish = Wish.of(pod, images, problems);
    JsonObject spec = Tree.object(pod, "spec");
    ownContainers(spec).forEach(agent -> problems.addAll(AgentRules.ofContainer(agent)));
    if (!problems.isEmpty()) {
      return new Verdict.Refused(problems);
    }
    return new Edit(pod, PodParts.of(wish)).verdict();
  }

  /** Of containers that are added to a running pod ({@code kubectl debug}). */
  Verdict ofEphemeralContainers(JsonObject pod, JsonObject before) {
    // Its labels may have changed since; its init containers cannot.
    if (!names(Tree.objects(Tree.object(before, "spec"), "initContainers"))
        .containsAll(PodParts.CONTAINER_NAMES)) {
      return Verdict.Admitted.unchanged();
    }
    List<String> there = names(Tree.objects(Tree.object(before, "spec"), "ephemeralContainers"));
    PodPatch patch = new PodPatch(pod);
    List<JsonObject> containers =
        Tree.objects(Tree.object(patch.pod(), "spec"), "ephemeralContainers");
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < containers.size(); i++) {
      JsonObject added = containers.get(i);
      if (!there.contains(Tree.name(added))) {
        problems.addAll(AgentRules.ofContainer(added));
        AgentContainer.confine(patch, added, "/spec/ephemeralContainers/" + i);
      }
    }
    return problems.isEmpty()
        ? new Verdict.Admitted(patch.operations(), List.of())
        : new Verdict.Refused(problems);
  }

  /** All containers but those that carry our names among the init containers. */
  private static List<JsonObject> ownContainers(JsonObject spec) {
    List<JsonObject> own = new ArrayList<>(Tree.objects(spec, "initContainers"));
    own.removeIf(container -> PodParts.CONTAINER_NAMES.contains(Tree.name(container)));
    own.addAll(Tree.objects(spec, "containers"));
    own.addAll(Tree.objects(spec, "ephemeralContainers"));
    return own;
  }

  private static List<String> names(List<JsonObject> named) {
    return named.stream().map(Tree::name).toList();
  }

  private static Verdict refused(String sentence) {
    return new Verdict.Refused(List.of(sentence));
  }

  /** The steps from one pod to the pod with sidecars; each does nothing where nothing is to do. */
  private static final class Edit {
    private final PodPatch patch;
    private final PodParts parts;
    private final JsonObject spec;

    /** Whether the containers of our names are said to be ours: then they are made so. */
    private final boolean again;

    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    Edit(JsonObject pod, PodParts parts) {
      this.patch = new PodPatch(pod);
      this.parts = parts;
      this.spec = Tree.object(patch.pod(), "spec");
      this.again =
          "true"
              .equals(
                  Tree.text(
                      Tree.object(Tree.object(pod, "metadata"), "annotations"), Wish.INJECTED));
    }

    Verdict verdict() {
      agents("initContainers");
      agents("containers");
      for (JsonObject container : Tree.objects(spec, "containers")) {
        if (PodParts.CONTAINER_NAMES.contains(Tree.name(container))) {
          taken("container", Tree.name(container));
        }
      }
      for (int i = 0; i < parts.containers().size(); i++) {
        ensure("initContainers", i, parts.containers().get(i), "container");
      }
      for (JsonObject volume : parts.volumes()) {
        ensure("volumes", Tree.array(spec, "volumes").size(), volume, "volume");
      }
      JsonObject metadata = Tree.object(patch.pod(), "metadata");
      if (!again) {
        JsonObject annotations = patch.object(metadata, "/metadata", "annotations");
        patch.set(annotations, "/metadata/annotations", Wish.INJECTED, new JsonPrimitive("true"));
      }
      return problems.isEmpty()
          ? new Verdict.Admitted(patch.operations(), warnings)
          : new Verdict.Refused(problems);
    }

    private void agents(String kind) {
      List<JsonObject> containers = Tree.objects(spec, kind);
      for (int i = 0; i < containers.size(); i++) {
        JsonObject container = containers.get(i);
        if (!PodParts.CONTAINER_NAMES.contains(Tree.name(container))) {
          new AgentContainer(patch, container, "/spec/" + kind + "/" + i, problems, warnings)
              .prepare(parts);
        }
      }
    }

    private void ensure(String kind, int index, JsonObject wanted, String what) {
      int at = indexOf(Tree.array(spec, kind), Tree.name(wanted));
      if (at < 0) {
        patch.insert(spec, "/spec", kind, index, wanted);
      } else if (!Sameness.of(wanted, Tree.objects(spec, kind).get(at))) {
        if (again) {
          patch.replace(spec, "/spec", kind, at, wanted);
        } else {
          taken(what, Tree.name(wanted));
        }
      }
    }

    private void taken(String what, String name) {
      problems.add("The pod has a " + what + " of its own with our name, " + name + ".");
    }

    private static int indexOf(@Nullable JsonArray array, String name) {
      if (array != null) {
        for (int i = 0; i < array.size(); i++) {
          JsonElement element = array.get(i);
          if (element.isJsonObject() && Tree.name(element.getAsJsonObject()).equals(name)) {
            return i;
          }
        }
      }
      return -1;
    }
  }
}
