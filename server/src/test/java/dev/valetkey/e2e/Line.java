package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;

/** One open connection of the agent to Envoy, for streams, upgrades and hanging up. */
final class Line implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;

  private Line(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
  }

  static Line to(int port) {
    try {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
      return new Line(socket);
    } catch (IOException refused) {
      throw new UncheckedIOException(refused);
    }
  }

  Line send(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(ISO_8859_1));
      socket.getOutputStream().flush();
      return this;
    } catch (IOException closed) {
      throw new UncheckedIOException(closed);
    }
  }

  /** Reads up to this text and gives all that came with it; fails when the other side closes. */
  String readUntil(String text) {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    try {
      while (!read.toString(UTF_8).endsWith(text)) {
        int b = in.read();
        if (b < 0) {
          throw new AssertionError("closed before '" + text + "', after: " + read.toString(UTF_8));
        }
        read.write(b);
      }
      return read.toString(UTF_8);
    } catch (IOException failed) {
      throw new AssertionError("before '" + text + "', after: " + read.toString(UTF_8), failed);
    }
  }

  /** Reads the head of an answer. */
  String head() {
    return readUntil("\r\n\r\n");
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException alreadyGone) {
      // Closed is what was wanted.
    }
  }
}
