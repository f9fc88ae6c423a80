package dev.valetkey.acquire;

import dev.valetkey.oauth.SecretFile;
import dev.valetkey.token.Secret;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The files that grants read tokens from; each keeps its last good content. As many as
 * configurations ever named. Thread-safe.
 */
final class CredentialFiles {
  private final Map<Path, SecretFile> files = new ConcurrentHashMap<>();

  /** What the file holds; empty if it never held anything. */
  Optional<Secret> read(Path path) {
    return files.computeIfAbsent(path, SecretFile::new).read();
  }
}
