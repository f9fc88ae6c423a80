package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * An agent's process in a {@link PodNetwork}: it dials from in there what a test asks it to, and
 * the test holds the connection in its hand ({@link Door}).
 */
public final class PodAgent implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Child door;
  private final InetSocketAddress address;

  private PodAgent(Child door, InetSocketAddress address) {
    this.door = door;
    this.address = address;
  }

  /**
   * Starts it and waits until it listens, at the pod's address.
   *
   * @param folder that every uid can enter
   * @param as how a command becomes one of the agent's uid, such as {@link PodNetwork#as}
   */
  public static PodAgent start(
      PodNetwork network, Path folder, UnaryOperator<List<String>> as, String name) {
    Path classes = folder.resolve("door");
    install(classes);
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx32m",
            "-XX:-UsePerfData",
            "-cp",
            classes.toString(),
            Door.class.getName(),
            network.pod());
    Child door = Child.start(name, folder, Map.of(), as.apply(command));
    try {
      door.awaitOut("port ", PATIENCE);
    } catch (AssertionError notUp) {
      door.close();
      throw notUp;
    }
    int port = Integer.parseInt(door.out().strip().substring("port ".length()));
    return new PodAgent(door, new InetSocketAddress(network.pod(), port));
  }

  /** Dials; fails with what the kernel said when nobody answers. */
  public Socket dial(String host, int port) throws IOException {
    Socket socket = ask("tcp " + host + " " + port);
    try {
      String answer = line(socket.getInputStream());
      if (!answer.equals("open")) {
        throw new IOException(answer);
      }
      return socket;
    } catch (IOException refused) {
      socket.close();
      throw refused;
    }
  }

  /** Sends bytes and reads an answer; status 0: hung up on without one, or not let in at all. */
  public Http.Response send(String host, int port, String raw) {
    try (Socket socket = dial(host, port)) {
      return Http.exchange(socket, raw.getBytes(ISO_8859_1));
    } catch (IOException refused) {
      return new Http.Response(0, List.of(), String.valueOf(refused.getMessage()).getBytes(UTF_8));
    }
  }

  /** Sends a datagram and says what came of it: {@code answered}, or what went wrong. */
  public String datagram(String host, int port) {
    try (Socket socket = ask("udp " + host + " " + port)) {
      return line(socket.getInputStream());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void close() {
    door.close();
  }

  private Socket ask(String wish) throws IOException {
    Socket socket = new Socket();
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.setTcpNoDelay(true);
    socket.connect(address, (int) PATIENCE.toMillis());
    socket.getOutputStream().write((wish + "\n").getBytes(UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("the agent's process hung up");
      }
      line.append((char) b);
    }
    return line.toString();
  }

  /** The checkout may lie where only its owner can read. */
  private static void install(Path classes) {
    Path target = classes.resolve(Door.class.getName().replace('.', '/') + ".class");
    try (InputStream code = Door.class.getResourceAsStream("Door.class")) {
      if (code != null && !Files.exists(target)) {
        Files.createDirectories(target.getParent());
        Files.write(target, code.readAllBytes());
        try (Stream<Path> all = Files.walk(classes)) {
          for (Path path : all.toList()) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
          }
        }
      }
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }
}
