package dev.valetkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A jar that is not on our class path, fetched by Maven once per user. */
public final class MavenJar {
  private static final String COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy";

  private MavenJar() {}

  /**
   * The jar with these coordinates, {@code group:artifact:version}.
   *
   * @throws IllegalStateException when Maven is missing or finds no such jar
   */
  public static Path of(String coordinates) {
    Path folder = Downloads.folder("jar", coordinates, fresh -> fetch(coordinates, fresh));
    try (Stream<Path> files = Files.list(folder)) {
      return files.findFirst().orElseThrow();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static void fetch(String coordinates, Path to) {
    String output = "-DoutputDirectory=" + to;
    try {
      Child.run(List.of("mvn", "-B", "-q", COPY, "-Dartifact=" + coordinates, output));
    } catch (UncheckedIOException missing) {
      throw new IllegalStateException("there is no mvn on the PATH", missing);
    }
  }
}
