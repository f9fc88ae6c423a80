package dev.valetkey.config;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Gives absent keys the defaults that their records name. */
final class Defaults {

  /** Defaults that are paths are absolute. */
  private static final Path BASE = Path.of("/");

  private Defaults() {}

  /** A section of which the file says nothing. */
  static Draft section(Shape.Section shape, String path) {
    Draft draft = new Draft(shape, path, "");
    shape.entries().forEach(entry -> fill(draft, entry));
    return draft;
  }

  /** Leaves out what follows from other keys, what is required, and what is null. */
  static void fill(Draft draft, Shape.Entry entry) {
    String initial = entry.about().initial();
    boolean derived = !entry.about().derived().isEmpty();
    String key = entry.key();
    switch (entry.shape()) {
      case Shape.Scalar scalar -> {
        if (!initial.isEmpty()) {
          draft.set(key, parse(scalar, initial));
        }
      }
      case Shape.ListOf list -> {
        if (!initial.isEmpty()) {
          draft.set(key, words(list, initial));
        } else if (!derived && !entry.nullable()) {
          draft.set(key, List.of());
        }
      }
      case Shape.MapOf map -> draft.set(key, Map.of());
      case Shape.Section section -> {
        if (!entry.nullable()) {
          draft.set(key, section(section, draft.path(key)));
        }
      }
      case Shape.Variants variants -> {
        if (!initial.isEmpty()) {
          draft.set(key, section(variants.section(initial), draft.path(key)));
        }
      }
    }
  }

  private static List<Object> words(Shape.ListOf list, String initial) {
    return Arrays.stream(initial.split(" "))
        .map(word -> parse((Shape.Scalar) list.element(), word))
        .toList();
  }

  private static Object parse(Shape.Scalar shape, String text) {
    return switch (shape.parser().parse(text, BASE)) {
      case Shape.Parsed.Value value -> value.value();
      case Shape.Parsed.Fault fault ->
          throw new IllegalStateException(text + " " + fault.message());
    };
  }
}
