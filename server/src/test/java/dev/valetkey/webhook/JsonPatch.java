package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.List;

/** Applies a JSON Patch (RFC 6902) as an API server does: adds and replaces, nothing else. */
final class JsonPatch {
  private JsonPatch() {}

  static JsonObject applied(JsonObject document, JsonArray patch) {
    JsonObject result = document.deepCopy();
    for (JsonElement step : patch) {
      JsonObject operation = step.getAsJsonObject();
      List<String> path =
          Arrays.stream(operation.get("path").getAsString().split("/", -1))
              .skip(1)
              .map(part -> part.replace("~1", "/").replace("~0", "~"))
              .toList();
      JsonElement parent = result;
      for (String part : path.subList(0, path.size() - 1)) {
        parent = child(parent, part);
      }
      apply(operation, parent, path.getLast());
    }
    return result;
  }

  private static void apply(JsonObject operation, JsonElement parent, String last) {
    JsonElement value = operation.get("value").deepCopy();
    boolean replace =
        switch (operation.get("op").getAsString()) {
          case "add" -> false;
          case "replace" -> true;
          default -> throw new AssertionError("not expected: " + operation);
        };
    if (replace) {
      child(parent, last); // RFC 6902 §4.3: the target must exist.
    }
    if (parent.isJsonObject()) {
      parent.getAsJsonObject().add(last, value);
      return;
    }
    JsonArray array = parent.getAsJsonArray();
    int index = last.equals("-") ? array.size() : Integer.parseInt(last);
    if (replace) {
      array.set(index, value);
      return;
    }
    List<JsonElement> all = array.asList();
    all.add(index, value); // §4.1: an index beyond the end is an error, as it is here.
  }

  private static JsonElement child(JsonElement parent, String part) {
    JsonElement child =
        parent.isJsonArray()
            ? parent.getAsJsonArray().get(Integer.parseInt(part))
            : parent.getAsJsonObject().get(part);
    if (child == null) {
      throw new AssertionError("there is no " + part);
    }
    return child;
  }
}
