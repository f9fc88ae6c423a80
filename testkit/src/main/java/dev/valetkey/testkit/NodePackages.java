package dev.valetkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * npm packages exactly as a lock file names them, by their digests; fetched once per user. Needs
 * {@code node} 20 or newer and {@code npm} on the PATH.
 */
public final class NodePackages {
  private static final int OLDEST = 20;
  private static final Pattern VERSION = Pattern.compile("v(\\d+)\\.");

  private NodePackages() {}

  /**
   * The {@code node_modules} of the {@code package-lock.json} in this folder.
   *
   * @throws IllegalStateException when Node is missing or too old, or npm fails
   */
  public static Path modules(Path folder) {
    demandNode();
    String lock = read(folder.resolve("package-lock.json"));
    return Downloads.folder("node", lock, fresh -> install(folder, fresh)).resolve("node_modules");
  }

  private static void install(Path from, Path to) {
    try {
      for (String file : List.of("package.json", "package-lock.json")) {
        Files.copy(from.resolve(file), to.resolve(file));
      }
    } catch (IOException cannotCopy) {
      throw new UncheckedIOException(cannotCopy);
    }
    // Scripts of packages do not run: nothing here needs to be built.
    Child.run(
        Duration.ofMinutes(10),
        Map.of("npm_config_update_notifier", "false"),
        List.of(
            "npm",
            "ci",
            "--prefix",
            to.toString(),
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error"));
  }

  private static void demandNode() {
    String version;
    try {
      version = Child.run(List.of("node", "--version")).strip();
    } catch (UncheckedIOException missing) {
      throw new IllegalStateException("there is no node on the PATH", missing);
    }
    Matcher major = VERSION.matcher(version);
    if (!major.lookingAt() || Integer.parseInt(major.group(1)) < OLDEST) {
      throw new IllegalStateException("needs Node " + OLDEST + " or newer, found " + version);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
