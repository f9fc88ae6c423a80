package dev.valetkey.keycloak;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Keycloak;

/** Keycloak, or a test that does not run. */
public final class RealKeycloak {
  private RealKeycloak() {}

  /** Fails under {@code -Dvaletkey.test.strict=true}, else skips, where it cannot start. */
  public static Keycloak start() {
    try {
      return Keycloak.start();
    } catch (IllegalStateException | AssertionError cannot) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannot;
      }
      return abort("Keycloak does not start here: " + cannot.getMessage());
    }
  }
}
