package dev.valetkey.cli.bootstrap;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A YAML document as a tree that prints itself. Text is always quoted unless it can be read as
 * nothing but that text, so no name in a user's file can become structure.
 */
sealed interface Yaml {
  /** Columns that a line on which several values share the place may fill. */
  int WIDTH = 120;

  /** A new, empty mapping. */
  static Mapping map() {
    return new Mapping(new LinkedHashMap<>());
  }

  static Sequence texts(List<String> texts) {
    return new Sequence(texts.stream().map(Text::new).toList());
  }

  static Sequence texts(String... texts) {
    return texts(Arrays.asList(texts));
  }

  static Sequence list(List<Mapping> items) {
    return new Sequence(items);
  }

  static Sequence list(Mapping... items) {
    return list(Arrays.asList(items));
  }

  /** A string. */
  record Text(String text) implements Yaml {
    private static final Pattern PLAIN =
        Pattern.compile("[A-Za-z/][A-Za-z0-9_./-]*|[0-9]+(\\.[0-9]+)?s|[0-9]+(\\.[0-9]+){3}");

    /** What a YAML 1.1 reader, as Envoy's is, takes for something other than text. */
    private static final Set<String> WORDS =
        Set.of(
            "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity");

    String quoted() {
      if (PLAIN.matcher(text).matches() && !WORDS.contains(text.toLowerCase(Locale.ROOT))) {
        return text;
      }
      return text.chars().mapToObj(Text::escaped).collect(Collectors.joining("", "\"", "\""));
    }

    private static String escaped(int unit) {
      if (unit == '"' || unit == '\\') {
        return "\\" + (char) unit;
      }
      // Escaped as UTF-16 units, as in JSON: a control character or an unusual space cannot end the
      // line.
      return unit >= ' ' && unit <= '~'
          ? String.valueOf((char) unit)
          : String.format("\\u%04x", unit);
    }
  }

  /** A whole number. */
  record Int(long value) implements Yaml {}

  /** True or false. */
  record Flag(boolean value) implements Yaml {}

  /** A list. */
  record Sequence(List<? extends Yaml> items) implements Yaml {}

  /** A mapping; grows by {@code put}, keeps its order, and refuses to hold a key twice. */
  record Mapping(Map<String, Yaml> entries) implements Yaml {
    Mapping put(String key, Yaml value) {
      if (entries.put(key, value) != null) {
        throw new IllegalStateException("the key stands twice: " + key);
      }
      return this;
    }

    Mapping put(String key, String text) {
      return put(key, new Text(text));
    }

    Mapping put(String key, long number) {
      return put(key, new Int(number));
    }

    Mapping put(String key, boolean flag) {
      return put(key, new Flag(flag));
    }

    /** The document: what fits on a line stands on one line, everything else as indented blocks. */
    String print() {
      StringBuilder out = new StringBuilder();
      Yaml.block(out, this, 0, false);
      return out.toString();
    }
  }

  private static String flow(Yaml value) {
    return switch (value) {
      case Text text -> text.quoted();
      case Int number -> Long.toString(number.value());
      case Flag flag -> Boolean.toString(flag.value());
      case Sequence list ->
          list.items().stream().map(Yaml::flow).collect(Collectors.joining(", ", "[", "]"));
      case Mapping map ->
          map.entries().entrySet().stream()
              .map(entry -> new Text(entry.getKey()).quoted() + ": " + flow(entry.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
    };
  }

  /** Whether the first line already stands at its place, behind the dash of a list. */
  private static void block(StringBuilder out, Mapping map, int indent, boolean begun) {
    boolean atPlace = begun;
    for (Map.Entry<String, Yaml> entry : map.entries().entrySet()) {
      String key = (atPlace ? "" : " ".repeat(indent)) + new Text(entry.getKey()).quoted() + ":";
      atPlace = false;
      out.append(key);
      Yaml value = entry.getValue();
      String line = flow(value);
      switch (value) {
        case Mapping inner when tooLong(indent, key, line) -> {
          out.append('\n');
          block(out, inner, indent + 2, false);
        }
        case Sequence list when tooLong(indent, key, line) -> {
          out.append('\n');
          block(out, list, indent);
        }
        case Text text -> out.append(' ').append(text.quoted()).append('\n');
        case Int number -> out.append(' ').append(number.value()).append('\n');
        case Flag flag -> out.append(' ').append(flag.value()).append('\n');
        case Mapping inner -> out.append(' ').append(line).append('\n');
        case Sequence list -> out.append(' ').append(line).append('\n');
      }
    }
  }

  private static void block(StringBuilder out, Sequence list, int indent) {
    for (Yaml item : list.items()) {
      out.append(" ".repeat(indent)).append("- ");
      String line = flow(item);
      if (item instanceof Mapping map && tooLong(indent, "- ", line)) {
        block(out, map, indent + 2, true);
      } else {
        out.append(line).append('\n');
      }
    }
  }

  private static boolean tooLong(int indent, String before, String line) {
    return indent + before.strip().length() + 1 + line.length() > WIDTH;
  }
}
