package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;

/** {@code token_broker}: a token that a broker gets, perhaps after asking the user. Thread-safe. */
final class TokenBrokerGrant {
  private final IssuerCall call;
  private final SubjectTokens tokens;

  TokenBrokerGrant(IssuerCall call, SubjectTokens tokens) {
    this.call = call;
    this.tokens = tokens;
  }

  TokenOutcome acquire(GrantConfig.TokenBroker grant, TokenRequest request, Deadline deadline) {
    return switch (tokens.subject(request, null, deadline)) {
      case SubjectTokens.Found.Nothing nothing -> nothing.why();
      case SubjectTokens.Found.Token user -> call.askBroker(request, grant, user.text(), deadline);
    };
  }
}
