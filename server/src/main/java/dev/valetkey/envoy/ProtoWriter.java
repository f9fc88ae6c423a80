package dev.valetkey.envoy;

import java.io.IOException;
import java.io.OutputStream;
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

  /** Tag and length of a field; the content follows. */
  static void tag(OutputStream target, int number, int length) throws IOException {
    target.write(number << 3 | ProtoCursor.LENGTH_DELIMITED);
    int rest = length;
    while (rest > 0x7f) {
      target.write((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    target.write(rest);
  }
}
