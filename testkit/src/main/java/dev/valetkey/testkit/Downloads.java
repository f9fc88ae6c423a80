package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Folders of the cache that are filled once, by one process, and appear whole. */
final class Downloads {
  private Downloads() {}

  /**
   * The folder for exactly this content. {@code fill} gets an empty one to fill; when it fails
   * nothing is left behind.
   *
   * @param name of the folder's kind, such as {@code node}
   * @param content what decides whether a folder that is there will do
   */
  static Path folder(String name, String content, Consumer<Path> fill) {
    Path cache = Repository.cache();
    Path folder = cache.resolve(name + "-" + digest(content));
    if (Files.isDirectory(folder)) {
      return folder;
    }
    try {
      Files.createDirectories(cache);
      try (FileChannel channel =
              FileChannel.open(
                  cache.resolve(name + ".lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (lock.isValid() && !Files.isDirectory(folder)) {
          fill(Files.createTempDirectory(cache, name), folder, fill);
        }
      }
      return folder;
    } catch (IOException failed) {
      throw new UncheckedIOException("filling " + folder, failed);
    }
  }

  private static void fill(Path fresh, Path folder, Consumer<Path> fill) throws IOException {
    try {
      fill.accept(fresh);
      Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      if (Files.exists(fresh)) {
        try (Stream<Path> files = Files.walk(fresh)) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  private static String digest(String content) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, 6);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
