package dev.valetkey.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends one message again and again, sixteen at a time over one connection: by h2load, which is
 * fast enough to keep the server busy; where that is missing, by a Java client.
 */
final class Load {
  private static final int IN_FLIGHT = 16;
  private static final boolean H2LOAD = Files.isExecutable(Path.of("/usr/bin/h2load"));

  private final Path socket;
  private final byte[] message;
  private final Path frame;

  Load(Path socket, byte[] message, Path folder, String name) {
    this.socket = socket;
    this.message = message;
    this.frame = folder.resolve(name + ".frame");
    try {
      Files.write(frame, frame(message));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String describe() {
    return H2LOAD ? "h2load" : "a Java client, because h2load (nghttp2-client) is missing";
  }

  /** Sends {@code count} messages and waits for the answers. */
  void run(int count) {
    if (!H2LOAD) {
      try (CheckClient client = new CheckClient(socket)) {
        client.run(count, IN_FLIGHT, i -> message);
      }
      return;
    }
    List<String> command = new ArrayList<>(Cores.load());
    command.addAll(List.of("h2load", "-n", String.valueOf(count), "-c", "1", "-t", "1"));
    command.addAll(List.of("-m", String.valueOf(IN_FLIGHT), "-d", frame.toString()));
    command.addAll(List.of("-H", "content-type: application/grpc", "-H", "te: trailers"));
    command.addAll(List.of("-H", "grpc-timeout: 10S", "-B", "unix:" + socket));
    command.add("http://localhost/envoy.service.auth.v3.Authorization/Check");
    String said = output(command);
    if (!said.contains(" " + count + " succeeded, 0 failed, 0 errored")) {
      throw new IllegalStateException(said);
    }
  }

  /** A gRPC message: not compressed, length, content. */
  private static byte[] frame(byte[] message) {
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static String output(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      ByteArrayOutputStream said = new ByteArrayOutputStream();
      process.getInputStream().transferTo(said);
      process.waitFor();
      return said.toString(java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
