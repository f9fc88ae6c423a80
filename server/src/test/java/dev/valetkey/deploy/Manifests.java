package dev.valetkey.deploy;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Objects of Kubernetes as YAML has them. */
public final class Manifests {
  private static final Gson GSON = new Gson();

  private Manifests() {}

  /** All documents of a text that are not empty. */
  public static List<JsonObject> of(String yaml) {
    List<JsonObject> objects = new ArrayList<>();
    Load load = new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build());
    for (Object document : load.loadAllFromString(yaml)) {
      if (document != null) {
        objects.add(GSON.toJsonTree(document).getAsJsonObject());
      }
    }
    return objects;
  }

  public static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The value at a path of members; fails when there is none. */
  public static JsonElement at(JsonObject object, String... path) {
    JsonElement here = object;
    for (String name : path) {
      here = here.getAsJsonObject().get(name);
      if (here == null) {
        throw new AssertionError("nothing at " + Arrays.toString(path));
      }
    }
    return here;
  }

  /** The objects in a list at a path of members; none when there is no list. */
  public static List<JsonObject> list(JsonObject object, String... path) {
    JsonElement here = object;
    for (String name : path) {
      here = here.getAsJsonObject().get(name);
      if (here == null) {
        return List.of();
      }
    }
    return here.getAsJsonArray().asList().stream().map(JsonElement::getAsJsonObject).toList();
  }

  public static String name(JsonObject named) {
    return named.get("name").getAsString();
  }
}
