package dev.valetkey.telemetry;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Times as text: UTC, always with three digits of milliseconds (RFC 3339 §5.6). */
final class Rfc3339 {
  private Rfc3339() {}

  static String format(long epochMillis) {
    // Instant.toString leaves out milliseconds that are zero; columns of one width are easier to
    // read and to sort.
    LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(epochMillis), ZoneOffset.UTC);
    StringBuilder text = new StringBuilder(24);
    digits(text, time.getYear(), 4).append('-');
    digits(text, time.getMonthValue(), 2).append('-');
    digits(text, time.getDayOfMonth(), 2).append('T');
    digits(text, time.getHour(), 2).append(':');
    digits(text, time.getMinute(), 2).append(':');
    digits(text, time.getSecond(), 2).append('.');
    return digits(text, time.getNano() / 1_000_000, 3).append('Z').toString();
  }

  private static StringBuilder digits(StringBuilder text, int value, int width) {
    String number = Integer.toString(value);
    return text.repeat('0', Math.max(0, width - number.length())).append(number);
  }
}
