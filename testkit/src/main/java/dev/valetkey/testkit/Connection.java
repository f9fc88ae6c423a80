package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One accepted connection: writes replies in every way {@link Reply} knows. Used by its own thread
 * only.
 */
public final class Connection {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final CountDownLatch serverClosed;

  Connection(Socket socket, CountDownLatch serverClosed) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream(), 16 << 10);
    this.out = new BufferedOutputStream(socket.getOutputStream(), 16 << 10);
    this.serverClosed = serverClosed;
  }

  /** The raw bytes of the other side, for scripts that own the connection. */
  public InputStream in() {
    return in;
  }

  int remotePort() {
    return socket.getPort();
  }

  /** Sends bytes as they are, at once. */
  public void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Sends one chunk of a {@link Reply.Stream}. */
  public void chunk(String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(ISO_8859_1));
    out.write(bytes);
    send(new byte[] {'\r', '\n'});
  }

  /** Waits; false at once when the server is closed meanwhile. */
  public boolean pause(Duration wait) throws IOException {
    try {
      return !serverClosed.await(wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("stopped");
    }
  }

  /** Sends the reply; true when the connection can serve another request. */
  boolean send(Reply reply, boolean headOnly) throws IOException {
    return switch (reply) {
      case Reply.Full full -> full(full, headOnly);
      case Reply.Late late -> pause(late.delay()) && send(late.then(), headOnly);
      case Reply.AfterInterim interim -> {
        for (int i = 0; i < interim.times(); i++) {
          send(Reply.head(interim.status(), List.of()));
        }
        yield send(interim.then(), headOnly);
      }
      case Reply.Dripping drip -> drip(drip);
      case Reply.CutOff cut -> {
        out.write(head(cut.full()));
        out.write(cut.full().body(), 0, Math.min(cut.bytes(), cut.full().body().length));
        out.flush();
        yield false;
      }
      case Reply.Raw raw -> {
        send(raw.text().getBytes(ISO_8859_1));
        yield false;
      }
      case Reply.Never never -> {
        pause(Duration.ofDays(1));
        yield false;
      }
      case Reply.Stream stream -> stream(stream);
      case Reply.Switch change -> {
        send(Reply.head(change.status(), change.headers()));
        change.script().run(this);
        yield false;
      }
    };
  }

  private boolean full(Reply.Full full, boolean headOnly) throws IOException {
    out.write(head(full));
    if (!headOnly) {
      out.write(full.body());
    }
    out.flush();
    String connection = full.header("connection");
    return connection == null || !connection.equalsIgnoreCase("close");
  }

  private boolean drip(Reply.Dripping drip) throws IOException {
    send(head(drip.full()));
    for (byte b : drip.full().body()) {
      if (!pause(drip.perByte())) {
        return false;
      }
      send(new byte[] {b});
    }
    return true;
  }

  private boolean stream(Reply.Stream stream) throws IOException {
    List<Header> headers = new ArrayList<>(stream.headers());
    headers.add(new Header("Transfer-Encoding", "chunked"));
    send(Reply.head(stream.status(), headers));
    stream.script().run(this);
    send("0\r\n\r\n".getBytes(ISO_8859_1));
    return true;
  }

  private static byte[] head(Reply.Full full) {
    List<Header> headers = new ArrayList<>(full.headers());
    boolean framed =
        full.header("content-length") != null
            || full.header("transfer-encoding") != null
            || full.status() == 204
            || full.status() == 304;
    if (!framed) {
      headers.add(new Header("Content-Length", String.valueOf(full.body().length)));
    }
    return Reply.head(full.status(), headers);
  }
}
