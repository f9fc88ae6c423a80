package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A real Envoy 1.40 as a process of ours. Its bootstrap and its log ({@code envoy.err}) lie in the
 * folder that it was given.
 */
public final class EnvoyProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);

  private final Child child;
  private final EnvoyAdmin admin;

  /** What {@code envoy --mode validate} says about a bootstrap. */
  public record Validation(boolean valid, String output) {}

  private EnvoyProcess(Child child, EnvoyAdmin admin) {
    this.child = child;
    this.admin = admin;
  }

  /**
   * Starts Envoy with one worker and waits until it is live; the bootstrap must have an {@code
   * admin} address.
   */
  public static EnvoyProcess start(String bootstrap, Path folder) {
    return start(bootstrap, folder, 1);
  }

  /** The same with more workers. Fails with the end of the log when Envoy does not come up. */
  public static EnvoyProcess start(String bootstrap, Path folder, int workers) {
    return start(bootstrap, folder, EnvoyBinary.find(), workers, command -> command);
  }

  /**
   * The same elsewhere or as somebody else, such as in a {@link PodNetwork}, where Envoy's own uid
   * must be able to run the program and to write into the folder.
   */
  public static EnvoyProcess start(
      String bootstrap, Path folder, Path program, int workers, UnaryOperator<List<String>> as) {
    Path adminAddress = folder.resolve("envoy-admin-address");
    write(folder.resolve("envoy.yaml"), bootstrap);
    delete(adminAddress);
    Child child =
        Child.start(
            "envoy",
            folder,
            Map.of(),
            as.apply(
                List.of(
                    program.toString(),
                    "-c",
                    "envoy.yaml",
                    "--concurrency",
                    String.valueOf(workers),
                    "--use-dynamic-base-id",
                    "--admin-address-path",
                    adminAddress.toString(),
                    "--drain-time-s",
                    "1",
                    "--parent-shutdown-time-s",
                    "2")));
    try {
      child.await(START, "admin address", () -> !read(adminAddress).isEmpty());
      EnvoyProcess envoy = new EnvoyProcess(child, new EnvoyAdmin(read(adminAddress)));
      child.await(START, "readiness", envoy::isLive);
      return envoy;
    } catch (AssertionError notUp) {
      child.close();
      throw notUp;
    }
  }

  /** Envoy's program file, for those who run it under another uid. */
  public static Path program() {
    return EnvoyBinary.find();
  }

  /** Lets Envoy judge a bootstrap without running it. */
  public static Validation validate(String bootstrap, Path folder) {
    write(folder.resolve("validate.yaml"), bootstrap);
    List<String> command =
        List.of(
            EnvoyBinary.find().toString(),
            "--mode",
            "validate",
            "-c",
            "validate.yaml",
            "--use-dynamic-base-id");
    try (Child child = Child.start("envoy-validate", folder, Map.of(), command)) {
      boolean valid = child.awaitExit(START) == 0;
      return new Validation(valid, child.out() + child.err());
    }
  }

  /** True while {@code /ready} says LIVE. */
  public boolean isLive() {
    try {
      Http.Response ready = admin.request("GET", "/ready");
      return ready.status() == 200 && ready.text().startsWith("LIVE");
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Counters and gauges whose name begins so, such as {@code http.egress.ext_authz.}. */
  public Map<String, Long> stats(String prefix) {
    try {
      return admin.stats(prefix);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  /** One counter or gauge; 0 when there is none of this name. */
  public long stat(String name) {
    return stats(name).getOrDefault(name, 0L);
  }

  /** Reads from the admin interface. */
  public Http.Response admin(String target) {
    try {
      return admin.request("GET", target);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  /** Its log so far. */
  public String log() {
    return child.err();
  }

  /** The process, for signals and waiting. */
  public Child process() {
    return child;
  }

  @Override
  public void close() {
    child.close();
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException cannotWrite) {
      throw new UncheckedIOException(cannotWrite);
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? new String(Files.readAllBytes(file), UTF_8) : "";
    } catch (IOException cannotRead) {
      throw new UncheckedIOException(cannotRead);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException cannotDelete) {
      throw new UncheckedIOException(cannotDelete);
    }
  }
}
