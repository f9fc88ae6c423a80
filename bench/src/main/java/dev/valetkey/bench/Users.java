package dev.valetkey.bench;

import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Issuers and user tokens by the thousand. */
final class Users {
  private Users() {}

  /** An issuer under load: it counts and keeps nothing, and its tokens outlive the run. */
  static Issuer issuer(IssuerOptions options) {
    Issuer issuer = Issuer.start(options.withRecording(false));
    // Signing is dear with RSA, and nobody's cost here.
    issuer.switches().algorithm(Algorithm.ES256).tokenLife(Duration.ofHours(8));
    return issuer;
  }

  /**
   * Tokens of as many users.
   *
   * @param bytes what each has at least: a claim fills it up
   */
  static List<String> tokens(Issuer issuer, String prefix, int count, int bytes) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> issuer.jwt(prefix + i).claim("filler", "CANARY-".repeat(bytes / 10)).signed())
        .toList();
  }
}
