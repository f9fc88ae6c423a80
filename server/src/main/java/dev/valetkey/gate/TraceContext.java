package dev.valetkey.gate;

import dev.valetkey.call.HttpCall;
import dev.valetkey.subject.InboundUsers.TraceId;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The {@code traceparent} header (W3C Trace Context §3.2). */
final class TraceContext {
  private static final byte[] HEADER = HttpCall.ascii("traceparent");

  /** {@code 00-<trace id>-<parent id>-<flags>}; later versions may add to it. */
  private static final int LENGTH = 55;

  private static final int TRACE_ID = 3;
  private static final int PARENT_ID = 36;
  private static final int FLAGS = 53;

  private TraceContext() {}

  /** The trace id; null if there is none that can be read. */
  static @Nullable TraceId find(HttpCall call) {
    int index = call.header(HEADER);
    if (index < 0 || call.header(HEADER, index) >= 0) {
      return null;
    }
    byte[] bytes = call.bytes();
    int start = call.valueStart(index);
    int length = call.valueEnd(index) - start;
    if (length < LENGTH
        || (length > LENGTH && (isVersion(bytes, start, '0') || bytes[start + LENGTH] != '-'))
        || isVersion(bytes, start, 'f')
        || bytes[start + TRACE_ID - 1] != '-'
        || bytes[start + PARENT_ID - 1] != '-'
        || bytes[start + FLAGS - 1] != '-') {
      return null;
    }
    long high = hex(bytes, start + TRACE_ID);
    long low = hex(bytes, start + TRACE_ID + 16);
    boolean readable = isHex(bytes, start, 2) && isHex(bytes, start + TRACE_ID, 32);
    return readable && (high | low) != 0 ? new TraceId(high, low) : null;
  }

  /** The header for a trace that begins here; its first span is called like its second half. */
  static byte[] header(TraceId trace) {
    String high = HexFormat.of().toHexDigits(trace.high());
    String low = HexFormat.of().toHexDigits(trace.low());
    return HttpCall.ascii("00-" + high + low + "-" + low + "-00");
  }

  private static boolean isVersion(byte[] bytes, int start, char digit) {
    return bytes[start] == digit && bytes[start + 1] == digit;
  }

  private static boolean isHex(byte[] bytes, int start, int length) {
    for (int i = start; i < start + length; i++) {
      if (digit(bytes[i]) < 0) {
        return false;
      }
    }
    return true;
  }

  private static long hex(byte[] bytes, int start) {
    long value = 0;
    for (int i = start; i < start + 16; i++) {
      value = value << 4 | digit(bytes[i]) & 0xf;
    }
    return value;
  }

  /** Lower case only; -1: no digit. */
  private static int digit(byte b) {
    if (b >= '0' && b <= '9') {
      return b - '0';
    }
    return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
  }
}
