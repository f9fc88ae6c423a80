package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts of HTTP/1.1 messages that both our server and our client read. RFC 9112. */
final class Wire {
  private static final int LONGEST_LINE = 2 << 20;

  private Wire() {}

  /** A line without its end; null when the other side closed before a first byte. */
  static @Nullable String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        if (line.size() == 0) {
          return null;
        }
        throw new EOFException("closed inside a line");
      }
      if (line.size() > LONGEST_LINE) {
        throw new IOException("a line of more than 2 MiB");
      }
      line.write(b);
    }
    String text = line.toString(ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  /** Header lines up to the empty one. */
  static List<Header> headers(InputStream in) throws IOException {
    List<Header> headers = new ArrayList<>();
    for (String line = line(in); line != null && !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      String name = colon < 0 ? line : line.substring(0, colon);
      headers.add(new Header(name, colon < 0 ? "" : line.substring(colon + 1).strip()));
    }
    return headers;
  }

  /**
   * The body that these headers announce; {@code toEnd}: without a length it lasts until the
   * connection closes.
   */
  static byte[] body(InputStream in, List<Header> headers, boolean toEnd) throws IOException {
    String coding = Header.first(headers, "transfer-encoding");
    if (coding != null && coding.equalsIgnoreCase("chunked")) {
      return chunks(in);
    }
    String length = Header.first(headers, "content-length");
    if (length == null) {
      return toEnd ? in.readAllBytes() : new byte[0];
    }
    int expected = Integer.parseInt(length);
    byte[] body = in.readNBytes(expected);
    if (body.length < expected) {
      throw new EOFException("closed after " + body.length + " of " + expected + " bytes");
    }
    return body;
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      String size = line(in);
      if (size == null) {
        throw new EOFException("closed before the last chunk");
      }
      int length = Integer.parseInt(size.split(";", 2)[0].strip(), 16);
      body.write(in.readNBytes(length));
      if (length == 0) {
        headers(in);
        return body.toByteArray();
      }
      line(in);
    }
  }
}
