package dev.valetkey.gate;

import dev.valetkey.call.Reason;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;

/** Whom one place of a call shows. */
sealed interface Sighting {
  Nobody NOBODY = new Nobody();
  Fault GONE = new Fault(Reason.HANDLE_UNKNOWN);

  /** The place is empty. */
  record Nobody() implements Sighting {}

  /** Something is there, and it is not good. */
  record Fault(Reason reason) implements Sighting {}

  /**
   * A user.
   *
   * @param token digest of the user token that says so
   */
  record Of(User user, TokenDigest token) implements Sighting {}
}
