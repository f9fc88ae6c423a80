package dev.valetkey.config;

import dev.valetkey.config.Shape.Json;
import dev.valetkey.config.Shape.Parsed;
import dev.valetkey.config.Shape.Scalar;
import java.time.Duration;
import java.util.List;

/** Numbers, durations and sizes, and the range in which each may be. */
final class Quantities {

  private static final String DURATION = "[0-9]{1,9}(ms|s|m|h)";
  private static final String SIZE = "[0-9]{1,9}(B|KiB|MiB|GiB)";

  private Quantities() {}

  static Scalar integer(Key key) {
    long min = key.min().isEmpty() ? Integer.MIN_VALUE : Long.parseLong(key.min());
    long max = key.max().isEmpty() ? Integer.MAX_VALUE : Long.parseLong(key.max());
    return new Scalar(
        Json.INTEGER,
        "a whole number",
        "integer",
        "",
        List.of(),
        min,
        max,
        (text, base) -> integer(text, min, max));
  }

  static Scalar duration(Key key) {
    return Scalars.text(
        "a duration such as 500ms, 60s, 5m or 1h",
        "duration",
        DURATION,
        (text, base) ->
            inRange(
                durationOf(text),
                durationOf(key.min()),
                durationOf(key.max()),
                rangeFault(key, text)));
  }

  static Scalar size(Key key) {
    return Scalars.text(
        "a size such as 64KiB or 16MiB",
        "size",
        SIZE,
        (text, base) ->
            inRange(sizeOf(text), sizeOf(key.min()), sizeOf(key.max()), rangeFault(key, text)));
  }

  private static Parsed integer(String text, long min, long max) {
    // Twelve characters hold every int; a longer text is out of any range and may not fit a long.
    long number = text.length() <= 12 ? Long.parseLong(text) : Long.MAX_VALUE;
    if (number >= min && number <= max) {
      return Scalars.value((int) number);
    }
    return Scalars.fault(
        "must be between " + min + " and " + max + " (was " + Names.shown(text) + ")");
  }

  private static <Q extends Comparable<Q>> Parsed inRange(Q value, Q min, Q max, String fault) {
    boolean inside = value.compareTo(min) >= 0 && value.compareTo(max) <= 0;
    return inside ? Scalars.value(value) : Scalars.fault(fault);
  }

  private static String rangeFault(Key key, String text) {
    return "must be between " + key.min() + " and " + key.max() + " (was " + text + ")";
  }

  private static Duration durationOf(String text) {
    String unit = text.replaceFirst("[0-9]+", "");
    long number = Long.parseLong(text.substring(0, text.length() - unit.length()));
    return switch (unit) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }

  private static long sizeOf(String text) {
    String unit = text.replaceFirst("[0-9]+", "");
    long number = Long.parseLong(text.substring(0, text.length() - unit.length()));
    return switch (unit) {
      case "B" -> number;
      case "KiB" -> number << 10;
      case "MiB" -> number << 20;
      default -> number << 30;
    };
  }
}
