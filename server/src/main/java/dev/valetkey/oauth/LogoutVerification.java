package dev.valetkey.oauth;

import dev.valetkey.token.UserTokenFault;

/** What came of looking at a logout token. */
public sealed interface LogoutVerification {

  /** It is one, and for us. */
  record Verified(LogoutToken token) implements LogoutVerification {}

  /** It is none; the words are those for user tokens. */
  record Invalid(UserTokenFault fault) implements LogoutVerification {}
}
