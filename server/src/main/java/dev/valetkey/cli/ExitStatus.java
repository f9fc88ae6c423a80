package dev.valetkey.cli;

/** What the program's exit status says; public API. */
final class ExitStatus {
  static final int FINE = 0;

  /** It failed while running. */
  static final int FAILED = 1;

  /** Bad use, or a configuration that is not in order. */
  static final int BAD_USE = 2;

  private ExitStatus() {}
}
