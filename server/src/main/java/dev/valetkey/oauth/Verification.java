package dev.valetkey.oauth;

import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.UserTokenFault;

/** What came of looking at a user token. */
public sealed interface Verification {

  /**
   * A user.
   *
   * @param rule digest of the rule that admitted the token
   */
  record Verified(Subject subject, TokenDigest rule) implements Verification {}

  /** Nobody. */
  record Invalid(UserTokenFault fault) implements Verification {}
}
