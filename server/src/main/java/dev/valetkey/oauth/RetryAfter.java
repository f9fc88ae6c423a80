package dev.valetkey.oauth;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Reads {@code Retry-After} (RFC 9110 §10.2.3): seconds or a date. */
final class RetryAfter {
  static final Duration MIN = Duration.ofSeconds(1);
  static final Duration MAX = Duration.ofMinutes(5);

  private RetryAfter() {}

  /**
   * How long to wait, between {@link #MIN} and {@link #MAX}; {@link #MIN} for an absent or
   * unreadable value.
   */
  static Duration parse(@Nullable String value, Instant now) {
    if (value == null) {
      return MIN;
    }
    String text = value.strip();
    if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return text.length() > 9 ? MAX : clamp(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      Instant date = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text));
      return clamp(Duration.between(now, date));
    } catch (DateTimeException | ArithmeticException e) {
      return MIN;
    }
  }

  static Duration clamp(Duration wait) {
    if (wait.compareTo(MIN) < 0) {
      return MIN;
    }
    return wait.compareTo(MAX) > 0 ? MAX : wait;
  }
}
