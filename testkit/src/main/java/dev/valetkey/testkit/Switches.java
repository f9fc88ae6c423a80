package dev.valetkey.testkit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How an issuer behaves when nothing is wrong; may be turned while it runs. Threads: all. */
public final class Switches {
  volatile Algorithm algorithm = Algorithm.RS256;
  volatile Duration tokenLife = Duration.ofMinutes(5);
  volatile boolean scopeAsArray;
  volatile boolean opaqueTokens;
  volatile boolean jwksWithAlg = true;
  volatile boolean oauthMetadata = true;
  volatile boolean openidMetadata = true;
  volatile boolean dpop;
  volatile @Nullable String dpopNonce;

  Switches() {}

  /** What tokens are signed with. Default RS256. */
  public Switches algorithm(Algorithm chosen) {
    algorithm = chosen;
    return this;
  }

  /** Life of every token from its issue, {@code expires_in} included. Default 5 min. */
  public Switches tokenLife(Duration life) {
    tokenLife = life;
    return this;
  }

  /**
   * {@code scope} in tokens as a JSON array, as Spring's server writes it. Default: text. RFC 8693
   * §4.2.
   */
  public Switches scopeAsArray(boolean on) {
    scopeAsArray = on;
    return this;
  }

  /** The token endpoint issues {@code CANARY-opaque-…} instead of JWTs. Default: JWTs. */
  public Switches opaqueTokens(boolean on) {
    opaqueTokens = on;
    return this;
  }

  /** Whether JWKs name their {@code alg}. Default: yes. */
  public Switches jwksWithAlg(boolean on) {
    jwksWithAlg = on;
    return this;
  }

  /** Whether RFC 8414 metadata is served; else 404. Default: yes. */
  public Switches oauthMetadata(boolean on) {
    oauthMetadata = on;
    return this;
  }

  /** Whether OpenID Connect metadata is served; else 404. Default: yes. */
  public Switches openidMetadata(boolean on) {
    openidMetadata = on;
    return this;
  }

  /** Requests for tokens must prove a key, and tokens are bound to it. Default: no. RFC 9449. */
  public Switches dpop(boolean on) {
    dpop = on;
    return this;
  }

  /** What these proofs must hold; null, the default: anything. RFC 9449 §8. */
  public Switches dpopNonce(@Nullable String nonce) {
    dpopNonce = nonce;
    return this;
  }
}
