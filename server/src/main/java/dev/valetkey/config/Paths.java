package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Paths of sockets and of files that are read; the latter are looked at when the configuration is
 * read.
 */
final class Paths {

  /** {@code sockaddr_un.sun_path} has 108 bytes, the last of them a zero. */
  private static final int LONGEST_SOCKET = 107;

  private static final int LARGEST_SECRET = 64 << 10;
  private static final int LARGEST_CA = 1 << 20;

  private Paths() {}

  /**
   * The messages never repeat a file's name: people paste secrets where the name of the file
   * belongs.
   */
  static Parsed parse(String text, Path base, Form form) {
    if (text.isBlank() || text.contains("\n") || text.startsWith("-----")) {
      return Scalars.fault("must be the path of a file, not its content");
    }
    try {
      Path path = base.resolve(text).normalize();
      return switch (form) {
        case SOCKET -> socket(path);
        case CA_FILE -> file(path, base, LARGEST_CA);
        case SECRET_FILE -> file(path, base, LARGEST_SECRET);
        case PLAIN,
            OCTAL,
            ADDRESS,
            ALGORITHM,
            SCOPE,
            TOKEN_TYPE,
            ASSERTION_TYPE,
            TOKEN_SOURCE,
            EXEMPT_PATH,
            ISSUER,
            ENDPOINT,
            ORIGIN,
            SERVER_URL ->
            Scalars.value(path);
      };
    } catch (InvalidPathException e) {
      return Scalars.fault("is not a path");
    }
  }

  private static Parsed socket(Path path) {
    int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
    return length <= LONGEST_SOCKET
        ? Scalars.value(path)
        : Scalars.fault(
            "path of a unix socket must not be longer than "
                + LONGEST_SOCKET
                + " bytes (was "
                + length
                + ")");
  }

  private static Parsed file(Path path, Path base, int largest) {
    if (!Files.exists(path)) {
      return Scalars.fault("no such file (relative paths begin at " + base + ")");
    }
    if (!Files.isRegularFile(path)) {
      return Scalars.fault("must be a regular file");
    }
    try (var in = Files.newInputStream(path)) {
      byte[] content = in.readNBytes(largest + 1);
      if (content.length > largest) {
        return Scalars.fault("the file must not be larger than " + (largest >> 10) + "KiB");
      }
      return isBlank(content) ? Scalars.fault("the file is empty") : Scalars.value(path);
    } catch (IOException e) {
      return Scalars.fault("the file cannot be read");
    }
  }

  private static boolean isBlank(byte[] content) {
    for (byte b : content) {
      if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
        return false;
      }
    }
    return true;
  }
}
