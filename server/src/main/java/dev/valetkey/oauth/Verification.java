package dev.valetkey.oauth;

import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.UserTokenFault;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What came of looking at a user token. */
public sealed interface Verification {

  /**
   * A user.
   *
   * @param rule digest of the rule that admitted the token
   * @param issuedAt {@code iat}, or when the issuer last said that the token counts; null: it does
   *     not say
   * @param until when the token must be looked at again, at its end at the latest
   */
  record Verified(Subject subject, TokenDigest rule, @Nullable Instant issuedAt, Instant until)
      implements Verification {

    /** The same, to be looked at again at {@code other} if that is earlier. */
    Verified until(Instant other) {
      return new Verified(subject, rule, issuedAt, other.isBefore(until) ? other : until);
    }
  }

  /**
   * Somebody, maybe: only an exchange of the token will tell. It may be exchanged and must not be
   * remembered as a user's.
   *
   * @param subject without a name
   * @param rule digest of the rule that lets such tokens through
   */
  record Unjudged(Subject subject, TokenDigest rule) implements Verification {}

  /** Nobody. */
  record Invalid(UserTokenFault fault) implements Verification {}
}
