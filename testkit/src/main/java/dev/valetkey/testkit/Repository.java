package dev.valetkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where this checkout lies and where its downloads are kept. */
public final class Repository {
  private Repository() {}

  /** The nearest folder, from the working directory upwards, whose pom lists this module. */
  public static Path root() {
    for (@Nullable Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (isRoot(at)) {
        return at;
      }
    }
    throw new IllegalStateException("not inside a checkout: " + Path.of("").toAbsolutePath());
  }

  /** A script of this module. */
  static Path script(String name) {
    return root().resolve("testkit/bin").resolve(name);
  }

  /**
   * Downloads shared by all checkouts of this user: {@code VALETKEY_CACHE}, else {@code
   * ~/.cache/valetkey}.
   */
  public static Path cache() {
    String chosen = System.getenv("VALETKEY_CACHE");
    return chosen != null && !chosen.isEmpty()
        ? Path.of(chosen)
        : Path.of(System.getProperty("user.home", "."), ".cache", "valetkey");
  }

  private static boolean isRoot(Path folder) {
    Path pom = folder.resolve("pom.xml");
    try {
      return Files.isRegularFile(pom) && Files.readString(pom).contains("<module>testkit</module>");
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
