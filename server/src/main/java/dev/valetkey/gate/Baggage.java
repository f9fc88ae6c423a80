package dev.valetkey.gate;

import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Our member of the {@code baggage} header (W3C Baggage §3.2), {@code valetkey=<handle>}: what
 * instrumented agents carry from an inbound request to the calls they make for it. All other
 * members are kept as they are.
 */
final class Baggage {
  private static final byte[] HEADER = HttpCall.ascii("baggage");
  private static final byte[] OURS = HttpCall.ascii("valetkey");

  private Baggage() {}

  /**
   * Where the handle is, as {@link UserTokenFinder} tells places. Members that say the same count
   * as one.
   */
  static long find(HttpCall call) {
    long found = UserTokenFinder.ABSENT;
    byte[] bytes = call.bytes();
    for (int i = call.header(HEADER); i >= 0; i = call.header(HEADER, i)) {
      int end = call.valueEnd(i);
      for (int at = call.valueStart(i); at < end; at = memberEnd(bytes, at, end) + 1) {
        int memberEnd = memberEnd(bytes, at, end);
        int value = valueOfOurs(bytes, at, memberEnd);
        if (value < 0) {
          continue;
        }
        long place = UserTokenFinder.token(bytes, value, valueEnd(bytes, value, memberEnd), false);
        if (found != UserTokenFinder.ABSENT && !same(bytes, found, place)) {
          return UserTokenFinder.SEVERAL;
        }
        found = place;
      }
    }
    return found;
  }

  /** The header without what reads as our member; null: there is nothing of the kind. */
  static byte @Nullable [] withoutOurs(HttpCall call) {
    byte[] bytes = call.bytes();
    for (int i = call.header(HEADER); i >= 0; i = call.header(HEADER, i)) {
      int end = call.valueEnd(i);
      for (int at = call.valueStart(i); at < end; at = memberEnd(bytes, at, end) + 1) {
        if (readsAsOurs(bytes, at, memberEnd(bytes, at, end))) {
          return others(call).toByteArray();
        }
      }
    }
    return null;
  }

  /** The header with this handle, in front so that whoever shortens a long one keeps it. */
  static byte[] with(HttpCall call, byte[] handle) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(OURS);
    all.write('=');
    all.writeBytes(handle);
    byte[] others = others(call).toByteArray();
    if (others.length > 0) {
      all.write(',');
      all.writeBytes(others);
    }
    return all.toByteArray();
  }

  /** Nothing of it makes {@link HeaderEdits#REMOVED}. */
  private static ByteArrayOutputStream others(HttpCall call) {
    ByteArrayOutputStream others = new ByteArrayOutputStream();
    byte[] bytes = call.bytes();
    for (int i = call.header(HEADER); i >= 0; i = call.header(HEADER, i)) {
      int end = call.valueEnd(i);
      for (int at = call.valueStart(i); at < end; at = memberEnd(bytes, at, end) + 1) {
        int memberEnd = memberEnd(bytes, at, end);
        if (!readsAsOurs(bytes, at, memberEnd)) {
          if (others.size() > 0) {
            others.write(',');
          }
          others.write(bytes, at, memberEnd - at);
        }
      }
    }
    return others;
  }

  /**
   * Whether the member's name could be taken for ours. OpenTelemetry undoes percent signs and trims
   * what comes of it, so a client could name a handle past whoever compares bytes.
   */
  private static boolean readsAsOurs(byte[] bytes, int start, int end) {
    int matched = 0;
    for (int at = start; at < end && bytes[at] != '='; at++) {
      int letter = bytes[at];
      if (letter == '%'
          && at + 2 < end
          && HexFormat.isHexDigit(bytes[at + 1])
          && HexFormat.isHexDigit(bytes[at + 2])) {
        letter = HexFormat.fromHexDigit(bytes[at + 1]) << 4 | HexFormat.fromHexDigit(bytes[at + 2]);
        at += 2;
      }
      letter |= 0x20; // lower case
      matched = letter == OURS[matched] ? matched + 1 : letter == OURS[0] ? 1 : 0;
      if (matched == OURS.length) {
        return true;
      }
    }
    return false;
  }

  private static int memberEnd(byte[] bytes, int start, int end) {
    int at = start;
    while (at < end && bytes[at] != ',') {
      at++;
    }
    return at;
  }

  /** Where the value of our member starts; -1: it is another's. */
  private static int valueOfOurs(byte[] bytes, int start, int end) {
    int at = skipSpace(bytes, start, end);
    int nameEnd = at + OURS.length;
    if (nameEnd > end || !Arrays.equals(bytes, at, nameEnd, OURS, 0, OURS.length)) {
      return -1;
    }
    int equals = skipSpace(bytes, nameEnd, end);
    return equals < end && bytes[equals] == '=' ? skipSpace(bytes, equals + 1, end) : -1;
  }

  /** A member's properties begin with a semicolon. */
  private static int valueEnd(byte[] bytes, int start, int memberEnd) {
    int at = start;
    while (at < memberEnd && bytes[at] != ';' && !isSpace(bytes[at])) {
      at++;
    }
    return at;
  }

  private static int skipSpace(byte[] bytes, int start, int end) {
    int at = start;
    while (at < end && isSpace(bytes[at])) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t';
  }

  private static boolean same(byte[] bytes, long one, long other) {
    return one >= 0
        && other >= 0
        && Arrays.equals(
            bytes,
            UserTokenFinder.start(one),
            UserTokenFinder.end(one),
            bytes,
            UserTokenFinder.start(other),
            UserTokenFinder.end(other));
  }
}
