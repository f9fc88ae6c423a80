package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.oauth.IssuedClaims;
import dev.valetkey.oauth.IssuedToken;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * {@code token_exchange}: the user's token for one that opens one server (RFC 8693). Thread-safe.
 */
final class TokenExchangeGrant {
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";

  private final IssuerCall call;
  private final SubjectTokens tokens;

  TokenExchangeGrant(IssuerCall call, SubjectTokens tokens) {
    this.call = call;
    this.tokens = tokens;
  }

  TokenOutcome acquire(GrantConfig.TokenExchange grant, TokenRequest request, Deadline deadline) {
    return switch (tokens.subject(request, grant.subjectTokenFile(), deadline)) {
      case SubjectTokens.Found.Nothing nothing -> nothing.why();
      case SubjectTokens.Found.Token subject ->
          switch (tokens.actor(request, grant.actorTokenFile(), deadline)) {
            case null -> exchange(grant, request, subject.text(), null, deadline);
            case SubjectTokens.Found.Nothing nothing -> nothing.why();
            case SubjectTokens.Found.Token actor ->
                exchange(grant, request, subject.text(), actor.text(), deadline);
          };
    };
  }

  private TokenOutcome exchange(
      GrantConfig.TokenExchange grant,
      TokenRequest request,
      Secret subject,
      @Nullable Secret actor,
      Deadline deadline) {
    if (actor != null && !mayAct(subject, actor)) {
      return new TokenOutcome.Rejected(Rejection.MAY_ACT);
    }
    Form form =
        Form.EMPTY
            .with("grant_type", GRANT_TYPE)
            .with("subject_token", subject.reveal())
            .with("subject_token_type", grant.subjectTokenType())
            .withAll("audience", grant.audience())
            .withAll("resource", grant.resource().stream().map(URI::toString).toList());
    form = Forms.withScope(form, grant);
    String requested = grant.requestedTokenType();
    if (requested != null) {
      form = form.with("requested_token_type", requested);
    }
    // RFC 8693 §2.1: the type is REQUIRED when there is an actor token and MUST NOT stand alone.
    String actorType = grant.actorTokenType();
    if (actor != null && actorType != null) {
      form = form.with("actor_token", actor.reveal()).with("actor_token_type", actorType);
    }
    return call.ask(request, Forms.withExtraParameters(form, grant), deadline);
  }

  /**
   * RFC 8693 §4.4: whoever the user token names in {@code may_act}, and nobody else. Tokens that we
   * cannot read are left to the issuer.
   */
  private static boolean mayAct(Secret subject, Secret actor) {
    if (!(IssuedToken.read(subject) instanceof IssuedToken.Jwt user)
        || user.claims().mayAct() == null
        || !(IssuedToken.read(actor) instanceof IssuedToken.Jwt acting)) {
      return true;
    }
    IssuedClaims.MayAct allowed = user.claims().mayAct();
    return matches(allowed.subject(), acting.claims().subject())
        && matches(allowed.issuer(), acting.claims().issuer());
  }

  private static boolean matches(@Nullable String allowed, @Nullable String actual) {
    return allowed == null || allowed.equals(actual);
  }
}
