package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/**
 * A pod that is edited, and the edits as operations of JSON Patch (RFC 6902): each is recorded as
 * it is made, so that the indexes in its path are those of the pod at that moment. Only adds and
 * replaces; nothing of the pod's own is removed.
 */
final class PodPatch {
  private final JsonObject pod;
  private final JsonArray operations = new JsonArray();

  PodPatch(JsonObject pod) {
    this.pod = pod.deepCopy();
  }

  /** The pod with all edits so far; not to be changed but through this. */
  JsonObject pod() {
    return pod;
  }

  /** What leads from the first pod to this one. */
  JsonArray operations() {
    return operations.deepCopy();
  }

  /** Gives the object at a path of member names and indexes a member, or another value for it. */
  void set(JsonObject parent, String path, String name, JsonElement value) {
    record(parent.has(name) ? "replace" : "add", path + "/" + escaped(name), value);
    parent.add(name, value.deepCopy());
  }

  /** The object that is a member; made when it is absent. */
  JsonObject object(JsonObject parent, String path, String name) {
    if (Tree.member(parent, name) == null) {
      set(parent, path, name, new JsonObject());
    }
    return Tree.object(parent, name);
  }

  /** Appends to the array that is a member; makes it when it is absent. */
  void append(JsonObject parent, String path, String name, JsonElement value) {
    insert(parent, path, name, Tree.array(parent, name).size(), value);
  }

  /** Inserts into the array that is a member; makes it when it is absent. */
  void insert(JsonObject parent, String path, String name, int index, JsonElement value) {
    if (Tree.member(parent, name) == null) {
      JsonArray made = new JsonArray();
      made.add(value.deepCopy());
      set(parent, path, name, made);
      return;
    }
    JsonArray array = Tree.array(parent, name);
    record("add", path + "/" + escaped(name) + "/" + index, value);
    JsonArray behind = new JsonArray();
    while (array.size() > index) {
      behind.add(array.remove(index));
    }
    array.add(value.deepCopy());
    array.addAll(behind);
  }

  /** Puts another value into the place of one. */
  void replace(JsonObject parent, String path, String name, int index, JsonElement value) {
    record("replace", path + "/" + escaped(name) + "/" + index, value);
    Tree.array(parent, name).set(index, value.deepCopy());
  }

  private void record(String operation, String path, JsonElement value) {
    JsonObject step = new JsonObject();
    step.addProperty("op", operation);
    step.addProperty("path", path);
    step.add("value", value.deepCopy());
    operations.add(step);
  }

  /** A member's name within a path. RFC 6901 §3. */
  static String escaped(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
