package dev.valetkey.token;

import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Digest of a list of fields in which no field can run into the next: each is preceded by its
 * length, and an absent one is told from an empty one. Not thread-safe.
 */
public final class Fields {
  private final MessageDigest sha256 = TokenDigest.sha256();

  /** Adds one field; null is a value of its own. */
  public Fields add(@Nullable String field) {
    if (field == null) {
      length(-1);
      return this;
    }
    // By UTF-16 unit: an encoder would replace unpaired surrogates, and two texts would be one.
    length(field.length());
    for (int i = 0; i < field.length(); i++) {
      char unit = field.charAt(i);
      sha256.update((byte) (unit >>> 8));
      sha256.update((byte) unit);
    }
    return this;
  }

  /** Adds a list in which order counts. */
  public Fields addAll(Collection<String> fields) {
    length(fields.size());
    fields.forEach(this::add);
    return this;
  }

  /** Adds a set: order and repetition do not count. */
  public Fields addSet(Collection<String> fields) {
    SortedSet<String> sorted = new TreeSet<>(fields);
    return addAll(sorted);
  }

  /**
   * Adds a configuration value: of a record every component with its name, at any depth. For load
   * time: it reflects.
   *
   * @throws IllegalArgumentException for a value whose type has no settled text
   */
  public Fields addValue(@Nullable Object value) {
    switch (value) {
      case null -> add(null);
      case Record record -> addRecord(record);
      case Collection<?> collection -> {
        length(collection.size());
        collection.forEach(this::addValue);
      }
      case Map<?, ?> map -> {
        length(map.size());
        new TreeMap<>(map).forEach((key, entry) -> addValue(key).addValue(entry));
      }
      case String _, Number _, Boolean _, Enum<?> _, URI _, Duration _, Path _ ->
          add(value.toString());
      default -> throw new IllegalArgumentException("no settled text for " + value.getClass());
    }
    return this;
  }

  private void addRecord(Record record) {
    add(record.getClass().getSimpleName());
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      add(component.getName());
      try {
        addValue(component.getAccessor().invoke(record));
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException("cannot read " + component, e);
      }
    }
  }

  public TokenDigest digest() {
    return TokenDigest.fromBytes(sha256.digest(), 0);
  }

  private void length(int length) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      sha256.update((byte) (length >>> shift));
    }
  }
}
