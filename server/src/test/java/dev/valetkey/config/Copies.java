package dev.valetkey.config;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies of records in which some components are others. */
public final class Copies {
  private Copies() {}

  /**
   * A copy of {@code record}.
   *
   * @param changes name of a component and its value, and so on
   */
  public static <R extends Record> R of(R record, @Nullable Object... changes) {
    Map<Object, @Nullable Object> changed = new HashMap<>();
    for (int i = 0; i < changes.length; i += 2) {
      changed.put(changes[i], changes[i + 1]);
    }
    RecordComponent[] components = record.getClass().getRecordComponents();
    try {
      Object[] values = new Object[components.length];
      for (int i = 0; i < components.length; i++) {
        String name = components[i].getName();
        values[i] =
            changed.containsKey(name)
                ? changed.remove(name)
                : components[i].getAccessor().invoke(record);
      }
      if (!changed.isEmpty()) {
        throw new IllegalArgumentException("no such components: " + changed.keySet());
      }
      Class<?>[] types =
          Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      @SuppressWarnings("unchecked")
      R copy = (R) record.getClass().getDeclaredConstructor(types).newInstance(values);
      return copy;
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
