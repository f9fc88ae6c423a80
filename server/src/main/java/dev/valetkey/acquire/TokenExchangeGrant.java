package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.oauth.TokenAnswer;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * {@code token_exchange}: the user's token for one that opens one server (RFC 8693). Thread-safe.
 */
final class TokenExchangeGrant {
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
  private static final Set<String> USUAL_TYPES =
      Set.of(
          "urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:jwt");

  /** A mounted token that is missing will most likely be there soon. */
  private static final Duration FILE_RETRY = Duration.ofSeconds(5);

  private final IssuerCall call;
  private final CredentialFiles files;

  TokenExchangeGrant(IssuerCall call, CredentialFiles files) {
    this.call = call;
    this.files = files;
  }

  TokenOutcome acquire(GrantConfig.TokenExchange grant, TokenRequest request, Deadline deadline) {
    User user = request.user();
    if (user == null) {
      return new TokenOutcome.Rejected(Rejection.ACCESS_DENIED);
    }
    Session.UserToken userToken = user.userToken();
    if (userToken == null) {
      return new TokenOutcome.Rejected(Rejection.INVALID_GRANT);
    }
    Form form = form(grant, userToken.text());
    Path actorFile = grant.actorTokenFile();
    if (actorFile != null) {
      Optional<Secret> actor = files.read(actorFile);
      if (actor.isEmpty()) {
        return new TokenOutcome.Unavailable(TokenOutcome.Cause.UNREACHABLE, FILE_RETRY);
      }
      form = withActor(form, actor.get(), grant);
    }
    for (var extra : grant.extraParameters().entrySet()) {
      form = form.with(extra.getKey(), extra.getValue());
    }
    return call.ask(request, form, success -> rightType(grant, success), deadline);
  }

  /**
   * RFC 8693 §2.1, but for the actor; empty lists and an empty scope are left out, since some
   * issuers refuse empty fields.
   */
  private static Form form(GrantConfig.TokenExchange grant, Secret userToken) {
    Form form =
        Form.EMPTY
            .with("grant_type", GRANT_TYPE)
            .with("subject_token", userToken.reveal())
            .with("subject_token_type", grant.subjectTokenType())
            .withAll("audience", grant.audience())
            .withAll("resource", grant.resource().stream().map(URI::toString).toList());
    if (!grant.scope().isEmpty()) {
      form = form.with("scope", String.join(" ", grant.scope()));
    }
    String requested = grant.requestedTokenType();
    return requested == null ? form : form.with("requested_token_type", requested);
  }

  private static Form withActor(Form form, Secret actor, GrantConfig.TokenExchange grant) {
    // RFC 8693 §2.1: the type is REQUIRED when there is an actor token and MUST NOT stand alone.
    String type = grant.actorTokenType();
    return type == null
        ? form
        : form.with("actor_token", actor.reveal()).with("actor_token_type", type);
  }

  /**
   * RFC 8693 §2.2.1: {@code issued_token_type} is REQUIRED. It must be what was asked for, else one
   * that a server can take.
   */
  private static boolean rightType(GrantConfig.TokenExchange grant, TokenAnswer.Success success) {
    String issued = success.issuedTokenType();
    String requested = grant.requestedTokenType();
    if (issued == null) {
      return false;
    }
    return requested == null ? USUAL_TYPES.contains(issued) : requested.equals(issued);
  }
}
