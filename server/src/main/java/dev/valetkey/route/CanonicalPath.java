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
   * outside visible ASCII, a broken escape, or an escape that hides something (see {@link
   * #isHarmlessEscape}).
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

  /** Whether the path holds a path parameter, which some servers drop before they look. */
  static boolean hasParameter(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] == ';') {
        return true;
      }
    }
    return false;
  }

  /** One or two dots and nothing else; servlet containers drop what stands behind a semicolon. */
  private static boolean isDots(byte[] bytes, int start, int end) {
    int at = start;
    while (at < end && bytes[at] == '.') {
      at++;
    }
    int dots = at - start;
    return (dots == 1 || dots == 2) && (at == end || bytes[at] == ';');
  }

  private static boolean isVisible(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] <= ' ' || bytes[i] == 0x7f || bytes[i] == '#') {
        return false;
      }
    }
    return true;
  }

  /**
   * An escape is harmless if it is the only spelling of its character. RFC 3986 §6.2.2.2: one of an
   * unreserved character is another spelling of it, and would lead around the prefix of a server
   * inside this one. Slash, semicolon, backslash and NUL are read in two ways; an overlong UTF-8
   * sequence hides any of these.
   */
  private static boolean isHarmlessEscape(byte[] bytes, int percent, int end) {
    int decoded = escaped(bytes, percent, end);
    return decoded > 0
        && decoded != '/'
        && decoded != ';'
        && decoded != '\\'
        && !isUnreserved(decoded)
        && !isOverlong(decoded, escaped(bytes, percent + 3, end));
  }

  /** The byte that an escape stands for; -1 if there is none. */
  private static int escaped(byte[] bytes, int percent, int end) {
    if (percent + 2 >= end || bytes[percent] != '%') {
      return -1;
    }
    int high = Character.digit(bytes[percent + 1], 16);
    int low = Character.digit(bytes[percent + 2], 16);
    return high < 0 || low < 0 ? -1 : 16 * high + low;
  }

  /** RFC 3986 §2.3. */
  private static boolean isUnreserved(int b) {
    return (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || b == '-'
        || b == '.'
        || b == '_'
        || b == '~';
  }

  /** RFC 3629 §3: a sequence that begins like this could be written with fewer bytes. */
  private static boolean isOverlong(int first, int second) {
    return first == 0xc0
        || first == 0xc1
        || (first == 0xe0 && second >= 0x80 && second < 0xa0)
        || (first == 0xf0 && second >= 0x80 && second < 0x90);
  }
}
