package dev.valetkey.config;

import java.nio.file.Path;

/**
 * Something in the file that is allowed and that its owner should know; the components are those of
 * {@link Problem}.
 */
public record Warning(Path file, int line, String path, String message) {

  /** One line as compilers write it: {@code file:line: path: message}. */
  @Override
  public String toString() {
    return new Problem(file, line, path, message).toString();
  }
}
