package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;

/**
 * {@code brokered_token}: a third party's token that the issuer keeps for the user, fetched with
 * the user's token or exchanged for it. Thread-safe.
 */
final class BrokeredTokenGrant {
  private final IssuerCall call;
  private final SubjectTokens tokens;

  BrokeredTokenGrant(IssuerCall call, SubjectTokens tokens) {
    this.call = call;
    this.tokens = tokens;
  }

  TokenOutcome acquire(GrantConfig.BrokeredToken grant, TokenRequest request, Deadline deadline) {
    return switch (tokens.subject(request, null, deadline)) {
      case SubjectTokens.Found.Nothing nothing -> nothing.why();
      case SubjectTokens.Found.Token subject ->
          grant.endpoint() == null
              ? call.ask(request, form(grant, subject.text()), deadline)
              : call.fetch(request, grant.endpoint(), subject.text(), deadline);
    };
  }

  private static Form form(GrantConfig.BrokeredToken grant, Secret subject) {
    Form form =
        Form.EMPTY
            .with("grant_type", grant.grantType())
            .with("subject_token", subject.reveal())
            .with("subject_token_type", grant.subjectTokenType());
    form = Forms.withTarget(form, grant);
    if (grant.requestedTokenType() != null) {
      form = form.with("requested_token_type", grant.requestedTokenType());
    }
    return Forms.withExtraParameters(form, grant);
  }
}
