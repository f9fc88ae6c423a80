package dev.valetkey.envoy;

import java.nio.charset.StandardCharsets;

/** Writes length-delimited protobuf fields with numbers below 16, whose tag is one byte. */
final class ProtoWriter {
  private ProtoWriter() {}

  /** A whole text field. */
  static byte[] text(int number, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > 127) {
      throw new IllegalArgumentException("longer than one byte of length");
    }
    byte[] field = new byte[2 + bytes.length];
    field[0] = (byte) (number << 3 | ProtoCursor.LENGTH_DELIMITED);
    field[1] = (byte) bytes.length;
    System.arraycopy(bytes, 0, field, 2, bytes.length);
    return field;
  }

  /** What a field takes whose content has {@code length} bytes. */
  static int sizeOfField(int length) {
    int size = 2 + length;
    for (int rest = length >>> 7; rest != 0; rest >>>= 7) {
      size++;
    }
    return size;
  }

  /** Writes tag and length of a field, whose content is to follow, and returns where it begins. */
  static int tag(byte[] target, int start, int number, int length) {
    int at = start;
    target[at++] = (byte) (number << 3 | ProtoCursor.LENGTH_DELIMITED);
    int rest = length;
    while (rest > 0x7f) {
      target[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    target[at++] = (byte) rest;
    return at;
  }

  /** Writes {@code bytes} and returns where they end. */
  static int copy(byte[] target, int start, byte[] bytes) {
    System.arraycopy(bytes, 0, target, start, bytes.length);
    return start + bytes.length;
  }
}
