package dev.valetkey.bench;

import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own that serves checks on a unix socket, with the launcher's flags, on the first
 * core and ahead of everything else there.
 */
final class ServerProcess implements AutoCloseable {
  static final Path ROOT = Repository.root();
  static final Path JAR = ROOT.resolve("server/target/valetkey.jar");
  private static final Path OWN_JAR = ROOT.resolve("bench/target/bench.jar");
  static final Path FLAGS = ROOT.resolve("server/src/main/launcher/jvm.options");
  static final String JAVA = Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final Path socket;
  private final Probe probe;

  private ServerProcess(Process process, Path socket, Probe probe) {
    this.process = process;
    this.socket = socket;
    this.probe = probe;
  }

  /** One of the servers to compare with: {@code noop} or {@code generated}. */
  static ServerProcess reference(String kind, Path folder) {
    Path socket = folder.resolve(kind + ".sock");
    return probed(kind, folder, socket, List.of(kind, socket.toString()));
  }

  /** The sidecar with a probe inside. */
  static ServerProcess probedSidecar(SidecarFolder sidecar) {
    return probed(
        "valetkey",
        sidecar.folder(),
        sidecar.socket(),
        List.of("valetkey", "serve", sidecar.config().toString()));
  }

  /** The sidecar as it is shipped. */
  static ServerProcess sidecar(SidecarFolder sidecar, List<String> moreFlags) {
    List<String> command = new ArrayList<>(moreFlags);
    command.addAll(List.of("-jar", JAR.toString(), "serve", sidecar.config().toString()));
    return start("valetkey", sidecar.folder(), sidecar.socket(), command);
  }

  private static ServerProcess probed(
      String name, Path folder, Path socket, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("-cp", JAR + ":" + OWN_JAR, Served.class.getName()));
    command.add(folder.resolve(name + ".probe").toString());
    command.addAll(arguments);
    return start(name, folder, socket, command);
  }

  private static ServerProcess start(
      String name, Path folder, Path socket, List<String> javaArguments) {
    List<String> command = new ArrayList<>(Cores.server());
    command.add(JAVA);
    command.add("@" + FLAGS);
    command.addAll(javaArguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve(name + ".out").toFile())
            .redirectError(folder.resolve(name + ".err").toFile());
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    try {
      Process process = builder.start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      return new ServerProcess(process, socket, new Probe(folder.resolve(name + ".probe")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the socket is there. */
  ServerProcess awaitSocket() {
    return await("its socket", () -> Files.exists(socket));
  }

  /** Waits until the sidecar has said that it serves. */
  ServerProcess awaitServing() {
    Path log = socket.resolveSibling("valetkey.err");
    return await("'serving'", () -> read(log).contains("\"serving\""));
  }

  private ServerProcess await(String what, java.util.function.BooleanSupplier condition) {
    Poll.until(
        PATIENCE,
        () -> "waited for " + what,
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError("ended before " + what + ": " + socket);
          }
          return condition.getAsBoolean();
        });
    return this;
  }

  Path socket() {
    return socket;
  }

  long pid() {
    return process.pid();
  }

  Probe probe() {
    return probe;
  }

  /** Nanoseconds of CPU used so far. */
  long cpu() {
    return ProcessCpu.nanos(pid());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
