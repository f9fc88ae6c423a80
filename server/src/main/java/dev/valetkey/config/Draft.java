package dev.valetkey.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A section on its way to a record: the values that could be read, by key. The rules ask it, fill
 * in what follows from other keys, and tolerate that anything may be missing, so that one mistake
 * does not hide the next.
 */
final class Draft {

  private final Shape.Section shape;
  private final String path;
  private final String name;
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final Set<String> written = new TreeSet<>();
  private final Set<String> broken = new TreeSet<>();

  /**
   * @param name under which the section stands in its map; empty if it does not
   */
  Draft(Shape.Section shape, String path, String name) {
    this.shape = shape;
    this.path = path;
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Path of the section, or of one of its keys. */
  String path(String... key) {
    return key.length == 0 ? path : Names.join(path, key[0]);
  }

  boolean is(Class<? extends Record> type) {
    return shape.type() == type;
  }

  /** Whether a section of this kind has the key at all. */
  boolean knows(String key) {
    return shape.keys().contains(key);
  }

  Shape.Section shape() {
    return shape;
  }

  /** Whether the file has the key, even if its value is no good. */
  boolean wrote(String key) {
    return written.contains(known(key));
  }

  /** Whether a problem with the key is reported already. */
  boolean isBroken(String key) {
    return broken.contains(known(key));
  }

  boolean has(String key) {
    return values.containsKey(known(key));
  }

  <T> @Nullable T get(String key, Class<T> type) {
    return type.cast(values.get(known(key)));
  }

  boolean flag(String key) {
    return Boolean.TRUE.equals(values.get(known(key)));
  }

  /** Elements of a list; empty where it is absent. */
  <T> List<T> list(String key, Class<T> element) {
    List<?> list = get(key, List.class);
    return list == null ? List.of() : list.stream().<T>map(element::cast).toList();
  }

  /** Sections of a map, in the file's order; empty where it is absent. */
  Map<String, Draft> sections(String key) {
    Map<String, Draft> sections = new LinkedHashMap<>();
    Map<?, ?> map = get(key, Map.class);
    if (map != null) {
      map.forEach((name, value) -> sections.put((String) name, (Draft) value));
    }
    return sections;
  }

  void markWritten(String key) {
    written.add(known(key));
  }

  void markBroken(String key) {
    broken.add(known(key));
  }

  void set(String key, Object value) {
    values.put(known(key), value);
  }

  /** Fills in a default that follows from other keys; null fills in nothing. */
  void fill(String key, @Nullable Object value) {
    if (value != null && !has(key) && !isBroken(key)) {
      set(key, value);
    }
  }

  /** Whether {@link #build} can be called. */
  boolean isComplete() {
    return broken.isEmpty()
        && shape.entries().stream().allMatch(entry -> entry.nullable() || has(entry.key()))
        && values.values().stream()
            .noneMatch(value -> value instanceof Draft draft && !draft.isComplete());
  }

  /** The record, if it {@link #isComplete}. */
  <R> R build(Class<R> type) {
    RecordComponent[] components = shape.type().getRecordComponents();
    Object[] arguments = Arrays.stream(components).map(this::argument).toArray();
    try {
      Class<?>[] types =
          Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      Constructor<? extends Record> constructor = shape.type().getDeclaredConstructor(types);
      return type.cast(constructor.newInstance(arguments));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make " + shape.type() + " at " + path, e);
    }
  }

  private @Nullable Object argument(RecordComponent component) {
    if (!component.isAnnotationPresent(Key.class)) {
      return name;
    }
    Object value = values.get(Names.snakeCase(component.getName()));
    return value == null ? null : built(value);
  }

  private static Object built(Object value) {
    if (value instanceof Draft draft) {
      return draft.build(Record.class);
    }
    if (value instanceof List<?> list) {
      return list.stream().map(element -> built(Objects.requireNonNull(element))).toList();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> built = new LinkedHashMap<>();
      map.forEach((key, element) -> built.put(key, built(Objects.requireNonNull(element))));
      return Collections.unmodifiableMap(built);
    }
    return value;
  }

  /** A key that does not exist is a slip in our own rules. */
  private String known(String key) {
    if (!shape.keys().contains(key)) {
      throw new IllegalArgumentException(shape.type().getSimpleName() + " has no key " + key);
    }
    return key;
  }
}
