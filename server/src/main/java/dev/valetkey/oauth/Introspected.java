package dev.valetkey.oauth;

import java.time.Instant;

/** What an issuer says of a token (RFC 7662 §2.2). */
sealed interface Introspected
    permits Introspected.Active,
        Introspected.Inactive,
        Introspected.ClientRefused,
        TokenAnswer.Unavailable {

  /**
   * It counts.
   *
   * @param claims the answer's members; not checked
   * @param asked when the issuer was asked
   */
  record Active(Claims claims, Instant asked) implements Introspected {}

  /** It does not, for whatever reason. */
  record Inactive() implements Introspected {}

  /** The issuer does not say it to us. */
  record ClientRefused() implements Introspected {}
}
