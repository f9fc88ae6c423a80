package dev.valetkey.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code bin/valetkey}, its training run and the flags of both. */
final class LauncherIT {
  private static final Path LAUNCHER = Repository.root().resolve("server/src/main/launcher");
  private static final Path CACHE = Repository.root().resolve("server/target/valetkey.aot");
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @Test
  void trainsACacheThatFitsItsFlags() throws IOException {
    Files.deleteIfExists(CACHE);

    Child.run(PATIENCE, Map.of(), List.of(LAUNCHER.resolve("train").toString()));

    // The JVM ends where it would otherwise go on without the cache.
    assertThat(version(Map.of("JDK_JAVA_OPTIONS", "-XX:AOTMode=on"))).startsWith("valetkey ");
  }

  @Test
  void runsWithoutACache() throws IOException {
    Files.deleteIfExists(CACHE);

    assertThat(version(Map.of())).startsWith("valetkey ");
  }

  private static String version(Map<String, String> environment) {
    String script = Repository.root().resolve("bin/valetkey").toString();
    return Child.run(PATIENCE, environment, List.of(script, "version"));
  }
}
