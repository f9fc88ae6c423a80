package dev.valetkey.e2e;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** YAML as maps, lists and values, for tests that play a control plane. */
final class Tree {
  private Tree() {}

  static List<Map<String, Object>> documents(String yaml) {
    List<Map<String, Object>> documents = new ArrayList<>();
    new Load(LoadSettings.builder().build())
        .loadAllFromString(yaml)
        .forEach(document -> documents.add(map(document)));
    return documents;
  }

  static Map<String, Object> document(String yaml) {
    return documents(yaml).getFirst();
  }

  static String print(Object tree) {
    return new Dump(DumpSettings.builder().build()).dumpToString(tree);
  }

  /** What stands at this path; an empty map where nothing does. */
  static Map<String, Object> map(Object tree, String... path) {
    Object at = at(tree, path);
    Map<String, Object> map = new LinkedHashMap<>();
    if (at instanceof Map<?, ?> found) {
      if (found.keySet().stream().allMatch(String.class::isInstance)) {
        @SuppressWarnings("unchecked")
        Map<String, Object> same = (Map<String, Object>) found;
        return same;
      }
    }
    return map;
  }

  static List<Object> list(Object tree, String... path) {
    if (at(tree, path) instanceof List<?> found) {
      @SuppressWarnings("unchecked")
      List<Object> same = (List<Object>) found;
      return same;
    }
    return List.of();
  }

  static String text(Object tree, String... path) {
    return Objects.toString(at(tree, path), "");
  }

  /** Protobuf's merge: messages and maps one by one, lists appended, values replaced. */
  static void merge(Map<String, Object> into, Map<String, Object> from) {
    from.forEach((key, value) -> {
      Object old = into.get(key);
      if (old instanceof Map<?, ?> && value instanceof Map<?, ?>) {
        merge(map(old), map(value));
      } else if (old instanceof List<?> && value instanceof List<?>) {
        List<Object> both = new ArrayList<>(list(old));
        both.addAll(list(value));
        into.put(key, both);
      } else {
        into.put(key, value);
      }
    });
  }

  private static Object at(Object tree, String... path) {
    Object at = tree;
    for (String step : Arrays.asList(path)) {
      at = at instanceof Map<?, ?> map ? map.get(step) : null;
    }
    return at;
  }
}
