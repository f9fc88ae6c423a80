package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.oauth.IssuedClaims;
import dev.valetkey.oauth.IssuedToken;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.util.Objects;

/**
 * {@code id_jag}: the user's issuer asserts to the server's issuer who the user is
 * (draft-ietf-oauth-identity-assertion-authz-grant, MCP enterprise-managed authorization). The
 * assertion is got by the target's subject, which is a token exchange. Thread-safe.
 */
final class IdJagGrant {
  private static final String TYPE = "oauth-id-jag+jwt";

  private final IssuerCall call;
  private final SubjectTokens tokens;

  IdJagGrant(IssuerCall call, SubjectTokens tokens) {
    this.call = call;
    this.tokens = tokens;
  }

  TokenOutcome acquire(GrantConfig.IdJag grant, TokenRequest request, Deadline deadline) {
    IssuerConfig issuer = Objects.requireNonNull(request.target().issuer());
    return switch (tokens.subject(request, null, deadline)) {
      case SubjectTokens.Found.Nothing nothing -> nothing.why();
      case SubjectTokens.Found.Token assertion -> {
        if (!isFor(assertion.text(), grant, issuer)) {
          yield new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE);
        }
        Form form =
            Form.EMPTY
                .with("grant_type", JwtBearerGrant.GRANT_TYPE)
                .with("assertion", assertion.text().reveal());
        yield call.ask(request, Forms.withScope(form, grant), deadline);
      }
    };
  }

  /** Only an assertion for this issuer, and for us as its client there, may be shown to it. */
  private static boolean isFor(Secret assertion, GrantConfig.IdJag grant, IssuerConfig issuer) {
    if (!(IssuedToken.read(assertion) instanceof IssuedToken.Jwt jag) || !TYPE.equals(jag.type())) {
      return false;
    }
    IssuedClaims claims = jag.claims();
    return claims.audience().equals(grant.audience())
        && (issuer.clientId() == null || issuer.clientId().equals(claims.clientId()));
  }
}
