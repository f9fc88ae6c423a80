package dev.valetkey.gate;

import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.Reason;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with a call, as far as that follows from the call, the configuration and the
 * user.
 */
sealed interface Plan {

  /**
   * It is refused.
   *
   * @param lane the server it belongs to; null if it belongs to none
   * @param user the user, as far as one is known
   */
  record Refuse(Reason reason, @Nullable Lane lane, @Nullable User user) implements Plan {}

  /**
   * It goes on without a token.
   *
   * @param lane the server it belongs to; null for hosts that are not servers
   */
  record Pass(HeaderEdits edits, @Nullable Lane lane) implements Plan {}

  /** It is a user's, and goes on to the agent. */
  record Admit(HeaderEdits edits, User user) implements Plan {}

  /**
   * It needs a token.
   *
   * @param source which user token source counted; -1: the call carries no user token
   */
  record Ask(Lane lane, TokenRequest request, int source) implements Plan {}

  /** Its server refused a token, and it needs another. */
  record Renew(Lane lane, TokenDigest refused) implements Plan {}
}
