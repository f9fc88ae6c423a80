package dev.valetkey.envoy;

import java.util.Map;

/**
 * Says whether a message that generated code reads holds, at a place that we read, what only
 * protobuf's oldest writers produce: a group, or a tag or length that does not fit 32 bits.
 */
final class WireScan {
  /** The messages on the way to what we read: number of the field, then what is inside. */
  private record Shape(Map<Integer, Shape> inner) {}

  private static final Shape LEAF = new Shape(Map.of());
  private static final Shape HTTP = new Shape(Map.of(3, LEAF, 13, new Shape(Map.of(1, LEAF))));
  private static final Shape REQUEST =
      new Shape(Map.of(1, new Shape(Map.of(4, new Shape(Map.of(2, HTTP)), 10, LEAF))));

  private final byte[] bytes;
  private int at;
  private boolean overlong;

  private WireScan(byte[] bytes) {
    this.bytes = bytes;
  }

  static boolean hasGroupOrOverlongNumber(byte[] message) {
    return new WireScan(message).scan(message.length, REQUEST);
  }

  private boolean scan(int end, Shape shape) {
    while (at < end) {
      int tag = (int) number();
      switch (tag & 7) {
        case 0 -> skipVarint();
        case 1 -> at += 8;
        case 2 -> {
          int length = (int) number();
          Shape inner = shape.inner().get(tag >>> 3);
          if (inner != null && scan(at + length, inner)) {
            return true;
          }
          at = inner == null ? at + length : at;
        }
        case 5 -> at += 4;
        default -> {
          return true;
        }
      }
      if (overlong) {
        return true;
      }
    }
    return false;
  }

  private long number() {
    long value = 0;
    int start = at;
    for (int shift = 0; ; shift += 7) {
      byte b = bytes[at++];
      value |= shift < 64 ? (long) (b & 0x7f) << shift : 0;
      if (b >= 0) {
        overlong |= at - start > 5 || value > 0xffff_ffffL || value < 0;
        return value;
      }
    }
  }

  private void skipVarint() {
    while (bytes[at++] < 0) {
      continue;
    }
  }
}
