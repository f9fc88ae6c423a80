package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;

/**
 * {@code jwt_bearer}: the user's token, the workload's, or one that another issuer made for this
 * one, as an assertion (RFC 7523 §2.1). Thread-safe.
 */
final class JwtBearerGrant {
  static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";

  private final IssuerCall call;
  private final SubjectTokens tokens;

  JwtBearerGrant(IssuerCall call, SubjectTokens tokens) {
    this.call = call;
    this.tokens = tokens;
  }

  TokenOutcome acquire(GrantConfig.JwtBearer grant, TokenRequest request, Deadline deadline) {
    return switch (tokens.subject(request, grant.assertionFile(), deadline)) {
      case SubjectTokens.Found.Nothing nothing -> nothing.why();
      case SubjectTokens.Found.Token assertion -> {
        Form form =
            Form.EMPTY.with("grant_type", GRANT_TYPE).with("assertion", assertion.text().reveal());
        form = Forms.withExtraParameters(Forms.withTarget(form, grant), grant);
        yield call.ask(request, form, deadline);
      }
    };
  }
}
