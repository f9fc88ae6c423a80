package dev.valetkey.telemetry;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * JSON objects of flat fields, one a line, as UTF-8 bytes. Beside what JSON demands it escapes
 * every other control character, line separator and lone surrogate, so that no text can end a line
 * or steer a terminal. For one thread.
 */
final class JsonLines {
  private static final int FIRST_SIZE = 512;
  private static final int KEPT_SIZE = 128 * 1024;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private byte[] bytes = new byte[FIRST_SIZE];
  private int length;
  private int complete;
  private int lines;
  private boolean fields;

  JsonLines begin() {
    raw('{');
    fields = false;
    return this;
  }

  /** Adds a text; an absent one leaves the field out. */
  JsonLines field(String name, @Nullable CharSequence value) {
    if (value != null) {
      name(name);
      quoted(value);
    }
    return this;
  }

  JsonLines field(String name, long value) {
    name(name);
    ascii(Long.toString(value));
    return this;
  }

  JsonLines field(String name, boolean value) {
    name(name);
    ascii(Boolean.toString(value));
    return this;
  }

  /** Adds a time in RFC 3339 form, UTC, with milliseconds. */
  JsonLines time(String name, long epochMillis) {
    name(name);
    raw('"');
    ascii(Rfc3339.format(epochMillis));
    raw('"');
    return this;
  }

  void end() {
    raw('}');
    raw('\n');
    complete = length;
    lines++;
  }

  /** Adds a line that is complete already, with its newline. */
  void line(byte[] line) {
    reserve(line.length);
    System.arraycopy(line, 0, bytes, length, line.length);
    length += line.length;
    complete = length;
    lines++;
  }

  /** How many lines have ended since the last {@link #clear}. */
  int lines() {
    return lines;
  }

  int length() {
    return length;
  }

  /** The bytes written so far; only the first {@link #length} count. */
  byte[] array() {
    return bytes;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }

  /** Forgets a line that was begun and could not be ended. */
  void cut() {
    length = complete;
  }

  void clear() {
    length = 0;
    complete = 0;
    lines = 0;
    if (bytes.length > KEPT_SIZE) {
      bytes = new byte[FIRST_SIZE];
    }
  }

  private void name(String name) {
    if (fields) {
      raw(',');
    }
    fields = true;
    quoted(name);
    raw(':');
  }

  private void quoted(CharSequence text) {
    reserve(text.length() * 6 + 2);
    raw('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        raw('\\');
        raw(c);
      } else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '\u2028' || c == '\u2029') {
        escaped(c);
      } else if (c < 0x80) {
        raw(c);
      } else if (c < 0x800) {
        raw(0xc0 | c >> 6);
        raw(0x80 | (c & 0x3f));
      } else if (!Character.isSurrogate(c)) {
        raw(0xe0 | c >> 12);
        raw(0x80 | (c >> 6 & 0x3f));
        raw(0x80 | (c & 0x3f));
      } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        supplementary(Character.toCodePoint(c, text.charAt(++i)));
      } else {
        escaped(c);
      }
    }
    raw('"');
  }

  private void supplementary(int codePoint) {
    raw(0xf0 | codePoint >> 18);
    raw(0x80 | (codePoint >> 12 & 0x3f));
    raw(0x80 | (codePoint >> 6 & 0x3f));
    raw(0x80 | (codePoint & 0x3f));
  }

  private void escaped(char c) {
    raw('\\');
    switch (c) {
      case '\n' -> raw('n');
      case '\r' -> raw('r');
      case '\t' -> raw('t');
      default -> {
        raw('u');
        for (int shift = 12; shift >= 0; shift -= 4) {
          raw(HEX[c >> shift & 0xf]);
        }
      }
    }
  }

  private void ascii(String text) {
    for (int i = 0; i < text.length(); i++) {
      raw(text.charAt(i));
    }
  }

  private void raw(int b) {
    reserve(1);
    bytes[length++] = (byte) b;
  }

  private void reserve(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
