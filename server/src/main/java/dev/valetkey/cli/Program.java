package dev.valetkey.cli;

/** The rest of the program as the commands see it. */
public final class Program {
  private Program() {}

  /** Everything is made when a command asks for it. */
  public static Wiring wiring() {
    return new Wiring(
        file -> {
          throw new UnsupportedOperationException("configuration");
        },
        () -> {
          throw new UnsupportedOperationException("schema");
        },
        file -> {
          throw new UnsupportedOperationException("serve");
        },
        config -> {
          throw new UnsupportedOperationException("check --online");
        },
        (config, question) -> {
          throw new UnsupportedOperationException("explain");
        });
  }
}
