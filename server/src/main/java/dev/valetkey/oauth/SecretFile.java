package dev.valetkey.oauth;

import dev.valetkey.token.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A secret in a file, read anew at each use so that a rotation counts at once. While the file is
 * missing, empty or too large the last good content serves, because whoever replaces a file may be
 * seen half-way. One newline at the end is dropped. Thread-safe.
 */
public final class SecretFile {
  private static final Logger log = LoggerFactory.getLogger(SecretFile.class);

  /** Bytes of the largest secret; a private key or a token is far below it. */
  private static final int MAX_BYTES = 64 * 1024;

  private final Path path;

  /** Written by every reader; the last one wins. */
  private volatile @Nullable Secret lastGood;

  private volatile boolean complained;

  public SecretFile(Path path) {
    this.path = path;
  }

  /** The secret; empty if there never was one. */
  public Optional<Secret> read() {
    Secret now = content();
    if (now != null) {
      lastGood = now;
      complained = false;
      return Optional.of(now);
    }
    if (!complained) {
      complained = true;
      log.atWarn()
          .addKeyValue("file", path)
          .addKeyValue("kept", lastGood != null)
          .log("a secret file is missing, empty or too large");
    }
    return Optional.ofNullable(lastGood);
  }

  private @Nullable Secret content() {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      return null;
    }
    int end = bytes.length;
    if (end > 0 && bytes[end - 1] == '\n') {
      end--;
      if (end > 0 && bytes[end - 1] == '\r') {
        end--;
      }
    }
    return end == 0 || bytes.length > MAX_BYTES ? null : Secret.of(bytes, 0, end);
  }
}
