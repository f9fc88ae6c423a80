package dev.valetkey.envoy;

/**
 * Walks over the fields of a protobuf message in a buffer without decoding or allocating anything.
 * After {@link #fail} (a truncated field, an overlong number, a group) it is at its end and {@link
 * #failed} stays true. Not thread-safe.
 */
final class ProtoCursor {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH_DELIMITED = 2;
  static final int FIXED32 = 5;

  private byte[] bytes = new byte[0];
  private int at;
  private int end;
  private int tag;
  private int valueStart;
  private int valueEnd;
  private boolean failed;

  /** Begins at the first field of the message in {@code buffer[start, limit)}. */
  ProtoCursor over(byte[] buffer, int start, int limit) {
    bytes = buffer;
    at = start;
    end = limit;
    failed = false;
    return this;
  }

  /** Moves to the next field; false at the end and after a failure. */
  boolean next() {
    if (at >= end) {
      return false;
    }
    long key = varint();
    int number = (int) (key >>> 3);
    if (failed || key < 0 || key > 0xffff_ffffL || number == 0) {
      return fail();
    }
    tag = (int) key;
    valueStart = at;
    switch (tag & 7) {
      case VARINT -> varint();
      case FIXED64 -> skip(8);
      case LENGTH_DELIMITED -> {
        long length = varint();
        valueStart = at;
        skip(length);
      }
      case FIXED32 -> skip(4);
      default -> fail();
    }
    valueEnd = at;
    return !failed;
  }

  /**
   * Whether the current field has this number and is length-delimited: text, bytes or a message.
   */
  boolean is(int number) {
    return tag == (number << 3 | LENGTH_DELIMITED);
  }

  int valueStart() {
    return valueStart;
  }

  int valueEnd() {
    return valueEnd;
  }

  boolean failed() {
    return failed;
  }

  private void skip(long length) {
    if (length < 0 || length > end - at) {
      fail();
    } else {
      at += (int) length;
    }
  }

  private long varint() {
    if (at < end && bytes[at] >= 0) {
      return bytes[at++]; // nearly all tags and lengths
    }
    return longVarint();
  }

  private long longVarint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= end) {
        break;
      }
      byte b = bytes[at++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    fail();
    return -1;
  }

  private boolean fail() {
    failed = true;
    at = end;
    return false;
  }
}
