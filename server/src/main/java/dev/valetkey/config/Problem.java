package dev.valetkey.config;

import java.nio.file.Path;

/**
 * Something in the file that has to be put right.
 *
 * @param file as it was named by the caller
 * @param line counted from 1; 0 where the whole file is meant
 * @param path of the key, such as {@code servers.github.grant.issuer}; empty where the whole file
 *     is meant
 * @param message what is wrong and what would be right; never a secret
 */
public record Problem(Path file, int line, String path, String message) {

  /** One line as compilers write it: {@code file:line: path: message}. */
  @Override
  public String toString() {
    return file
        + (line > 0 ? ":" + line : "")
        + ": "
        + (path.isEmpty() ? "" : path + ": ")
        + message;
  }
}
