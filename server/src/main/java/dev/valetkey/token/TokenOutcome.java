package dev.valetkey.token;

import java.time.Duration;

/** What came of asking for a token. */
public sealed interface TokenOutcome {

  /** A token, verified and usable. */
  record Granted(AccessToken token) implements TokenOutcome {}

  /** The issuer said no, or what it gave must not be used. */
  record Rejected(Rejection rejection) implements TokenOutcome {}

  /**
   * It could not be asked, or did not answer.
   *
   * @param cause why
   * @param retryAfter when asking again may help; at least one second
   */
  record Unavailable(Cause cause, Duration retryAfter) implements TokenOutcome {}

  /** Why an issuer could not be asked. */
  enum Cause {
    /** No connection, a 5xx, or repeated failures that keep us from asking. */
    UNREACHABLE,
    /** All places at this issuer are taken and the wait is over. */
    BUSY,
    /** The issuer answered 429 or 503 with {@code Retry-After}. */
    RATE_LIMIT,
    /** The caller's deadline passed. */
    DEADLINE,
    /** The server's metadata could not be read. */
    METADATA,
    /** A token broker waited for the user in vain. */
    CONSENT,
    /** A token broker failed. */
    BROKER,
    /**
     * A 200 that is none: HTML, cut off, no {@code access_token}, a wrong {@code token_type} or
     * {@code issued_token_type}.
     */
    ANSWER
  }
}
