package dev.valetkey.bench;

import dev.valetkey.cli.training.Training;
import dev.valetkey.testkit.Child;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The AOT cache of the jar, trained as the container's build and {@code bin/valetkey} train it.
 *
 * @param file the cache
 */
record AotCache(Path file) {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  static AotCache train(Path folder) {
    Path file = folder.resolve("bench.aot");
    Child.run(
        PATIENCE,
        Map.of("MALLOC_ARENA_MAX", "1"),
        List.of(
            ServerProcess.JAVA,
            "@" + ServerProcess.FLAGS,
            "-XX:AOTCacheOutput=" + file,
            "-cp",
            ServerProcess.JAR.toString(),
            Training.class.getName()));
    return new AotCache(file);
  }

  /** Flags of a run with it; a JVM that refuses the cache does not start. */
  List<String> flags() {
    return List.of("-XX:AOTCache=" + file, "-XX:AOTMode=on");
  }
}
