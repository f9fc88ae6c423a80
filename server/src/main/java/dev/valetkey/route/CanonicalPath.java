package dev.valetkey.route;

import java.util.Arrays;

/**
 * The one form of a path that everybody reads alike. What Envoy matched, what we match and what the
 * server gets can only be the same if no reader is left with a choice; a path that leaves one is
 * refused.
 */
final class CanonicalPath {
  private CanonicalPath() {}

  /**
   * The end of the path in {@code bytes[start, end)}, where the query begins; -1 if path or query
   * are not canonical: no leading slash, an empty or dot segment, a backslash, a fragment, a byte
   * outside visible ASCII, a broken escape, or an escape that hides one of {@code / \ . NUL}.
   */
  static int end(byte[] bytes, int start, int end) {
    if (start >= end || bytes[start] != '/') {
      return -1;
    }
    int segment = start + 1;
    for (int i = start; i < end; i++) {
      int b = bytes[i];
      if (b <= ' ' || b == 0x7f || b == '\\' || b == '#') {
        return -1;
      }
      if (b == '?') {
        return isDots(bytes, segment, i) || !isVisible(bytes, i, end) ? -1 : i;
      }
      if (b == '/' && i > start) {
        if (segment == i || isDots(bytes, segment, i)) {
          return -1;
        }
        segment = i + 1;
      }
      if (b == '%' && !isHarmlessEscape(bytes, i, end)) {
        return -1;
      }
    }
    return isDots(bytes, segment, end) ? -1 : end;
  }

  /** Whether a path is {@code prefix} or continues it behind a slash. */
  static boolean isUnder(byte[] prefix, byte[] bytes, int start, int end) {
    int at = start + prefix.length;
    return at <= end
        && Arrays.equals(bytes, start, at, prefix, 0, prefix.length)
        && (at == end || bytes[at] == '/');
  }

  private static boolean isDots(byte[] bytes, int start, int end) {
    int length = end - start;
    return (length == 1 && bytes[start] == '.')
        || (length == 2 && bytes[start] == '.' && bytes[start + 1] == '.');
  }

  private static boolean isVisible(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] <= ' ' || bytes[i] == 0x7f || bytes[i] == '#') {
        return false;
      }
    }
    return true;
  }

  private static boolean isHarmlessEscape(byte[] bytes, int percent, int end) {
    if (percent + 2 >= end) {
      return false;
    }
    int high = Character.digit(bytes[percent + 1], 16);
    int low = Character.digit(bytes[percent + 2], 16);
    if (high < 0 || low < 0) {
      return false;
    }
    int decoded = 16 * high + low;
    return decoded != '/' && decoded != '\\' && decoded != '.' && decoded != 0;
  }
}
