package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files under envoy-config, and a place where they can be read: with all the files that they
 * name.
 */
public final class Samples {
  /** Where the samples say that they lie. */
  public static final String HOME = "/etc/valetkey";

  private static final List<String> SECRETS = List.of("corp", "partner", "search");

  private Samples() {}

  /** The samples of the layout {@code gateway} that show everything. */
  public static List<String> names() {
    return List.of("smallest", "full");
  }

  /** Every sample of every layout that is a bootstrap, as {@code LAYOUT/NAME}. */
  public static List<String> all() {
    return samples(false);
  }

  /** The same for layouts that are Kubernetes resources. */
  public static List<String> resources() {
    return samples(true);
  }

  private static List<String> samples(boolean resources) {
    Path home = Repository.root().resolve("envoy-config");
    try (Stream<Path> files = Files.walk(home, 3)) {
      return files
          .filter(file -> file.endsWith("valetkey.yaml"))
          .map(file -> home.relativize(file.getParent()).toString())
          .filter(sample ->
              resources == (sample.startsWith("istio-") || sample.startsWith("envoy-gateway")))
          .sorted()
          .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /**
   * @param sample a name of the layout {@code gateway}, or {@code LAYOUT/NAME}
   */
  public static Path file(String sample, String file) {
    String folder = sample.contains("/") ? sample : "gateway/" + sample;
    return Repository.root().resolve("envoy-config").resolve(folder).resolve(file);
  }

  /** Copies a sample into {@code folder}, beside the files that it names. */
  public static Path copy(String sample, Path folder) {
    return write(Samples.read(file(sample, "valetkey.yaml")), folder);
  }

  /** Writes a configuration into {@code folder}, beside the files that samples name. */
  public static Path write(String yaml, Path folder) {
    try {
      Files.createDirectories(folder.resolve("secrets"));
      for (String secret : SECRETS) {
        Files.writeString(folder.resolve("secrets").resolve(secret), "CANARY-" + secret + "\n");
      }
      Path ca = folder.resolve("ca.pem");
      if (!Files.exists(ca)) {
        Files.copy(Path.of("/etc/ssl/certs/ca-certificates.crt"), ca);
      }
      return Files.writeString(folder.resolve("valetkey.yaml"), yaml);
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }

  /** The configuration in a file that is in order. */
  public static Config config(Path file) {
    ReadResult result = ConfigReader.read(file);
    assertThat(result).isInstanceOf(ReadResult.Loaded.class);
    return ((ReadResult.Loaded) result).config();
  }

  public static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /**
   * Compares {@code actual} with a golden file; {@code -Dvaletkey.golden=write} makes it the golden
   * file.
   */
  public static void assertGolden(Path golden, String actual) {
    if ("write".equals(System.getProperty("valetkey.golden"))) {
      try {
        Files.createDirectories(golden.getParent());
        Files.writeString(golden, actual);
      } catch (IOException unwritable) {
        throw new UncheckedIOException(unwritable);
      }
    }
    assertThat(actual)
        .as("%s; -Dvaletkey.golden=write writes it anew", golden.getFileName())
        .isEqualTo(read(golden));
  }
}
