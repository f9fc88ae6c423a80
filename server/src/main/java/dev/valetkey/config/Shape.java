package dev.valetkey.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What may stand at a place of the file. The reader, the JSON Schema and the documentation are
 * three walks over it.
 */
sealed interface Shape {

  /**
   * A single value.
   *
   * @param json how YAML and JSON tell it
   * @param kind what it must be, in words: "must be …"
   * @param typeName for the documentation
   * @param pattern of the text, for the schema; empty: any
   * @param choices all there are; empty: not a choice
   * @param min least integer; null: none, or not an integer
   * @param max greatest integer; null: none, or not an integer
   */
  record Scalar(
      Json json,
      String kind,
      String typeName,
      String pattern,
      List<String> choices,
      @Nullable Long min,
      @Nullable Long max,
      Parser parser)
      implements Shape {
    public Scalar {
      choices = List.copyOf(choices);
    }
  }

  /**
   * A list; a single value means a list of one.
   *
   * @param spaced whether a text holds several elements, separated by spaces
   * @param filled whether it needs an element
   */
  record ListOf(Shape element, boolean spaced, boolean filled) implements Shape {}

  /**
   * Values under names that the user chooses.
   *
   * @param filled whether it needs an entry
   */
  record MapOf(Shape element, boolean filled) implements Shape {}

  /** A record: the keys there are. */
  record Section(Class<? extends Record> type, List<Entry> entries) implements Shape {
    public Section {
      entries = List.copyOf(entries);
    }

    List<String> keys() {
      return entries.stream().map(Entry::key).toList();
    }
  }

  /**
   * A sealed interface of records, told apart by the key {@code type}. A variant without keys may
   * be written as its name.
   *
   * @param usual the variant that is meant where {@code type} is absent
   */
  record Variants(Map<String, Section> byType, String usual) implements Shape {
    public Variants {
      byType = Collections.unmodifiableMap(new LinkedHashMap<>(byType));
    }

    /** The variants that may be written as their name. */
    List<String> shortForms() {
      return byType.keySet().stream().filter(type -> section(type).entries().isEmpty()).toList();
    }

    Section section(String type) {
      Section section = byType.get(type);
      if (section == null) {
        throw new IllegalArgumentException("no such variant: " + type);
      }
      return section;
    }
  }

  /**
   * A key of a section.
   *
   * @param component of the record
   * @param nullable whether the component is null where the key is absent
   */
  record Entry(String key, String component, Shape shape, Key about, boolean nullable) {

    boolean required() {
      return about.initial().isEmpty() && about.derived().isEmpty() && !nullable && !mayBeEmpty();
    }

    private boolean mayBeEmpty() {
      return switch (shape) {
        case Scalar scalar -> false;
        case ListOf list -> !list.filled();
        case MapOf map -> !map.filled();
        case Section section -> section.entries().stream().noneMatch(Entry::required);
        case Variants variants -> false;
      };
    }
  }

  /** How YAML 1.2 and JSON tell a single value. */
  enum Json {
    STRING,
    INTEGER,
    BOOLEAN
  }

  /** Turns the text of a single value into the value. */
  @FunctionalInterface
  interface Parser {

    /**
     * Never throws for any text.
     *
     * @param base folder of the file; relative paths begin there
     */
    Parsed parse(String text, Path base);
  }

  /** What came of a single value. */
  sealed interface Parsed {
    record Value(Object value) implements Parsed {}

    record Fault(String message) implements Parsed {}
  }
}
