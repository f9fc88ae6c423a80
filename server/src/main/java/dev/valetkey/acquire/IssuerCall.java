package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.oauth.Issuer;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.TokenAnswer;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One call to whoever gives tokens, from the question to a token that passed its check; recorded.
 * Thread-safe.
 */
final class IssuerCall {
  private static final String BROKER = "token_broker";

  private final Issuers issuers;
  private final IssuedTokenCheck check;
  private final CallRecord record;

  IssuerCall(Issuers issuers, IssuedTokenCheck check, CallRecord record) {
    this.issuers = issuers;
    this.check = check;
    this.record = record;
  }

  /** Asks the token endpoint of the target's issuer. */
  TokenOutcome ask(TokenRequest request, Form form, Deadline deadline) {
    Issuer issuer = issuer(request);
    return recorded(request, issuer, deadline, () -> issuer.token(form, deadline));
  }

  /** Fetches a token that the target's issuer keeps at {@code endpoint} for a bearer. */
  TokenOutcome fetch(TokenRequest request, URI endpoint, Secret bearer, Deadline deadline) {
    Issuer issuer = issuer(request);
    return recorded(request, issuer, deadline, () -> issuer.stored(endpoint, bearer, deadline));
  }

  TokenOutcome askBroker(
      TokenRequest request, GrantConfig.TokenBroker broker, Secret userToken, Deadline deadline) {
    URI server = request.target().server().url();
    return recorded(
        request, null, deadline, () -> issuers.of(broker).token(server, userToken, deadline));
  }

  private Issuer issuer(TokenRequest request) {
    return issuers.of(
        Objects.requireNonNull(request.target().issuer(), "a grant that asks has an issuer"));
  }

  /**
   * @param issuer null: a broker is asked
   */
  private TokenOutcome recorded(
      TokenRequest request,
      @Nullable Issuer issuer,
      Deadline deadline,
      Supplier<TokenAnswer> question) {
    LongSupplier nanoTime = deadline.nanoTime();
    long began = nanoTime.getAsLong();
    TokenAnswer answer = question.get();
    TokenOutcome outcome =
        switch (answer) {
          case TokenAnswer.Success success -> check.judge(request, success, issuer);
          case TokenAnswer.Refused refused ->
              new TokenOutcome.Rejected(
                  rejection(meaning(refused.code(), issuer), request.user() != null));
          case TokenAnswer.Unavailable unavailable ->
              new TokenOutcome.Unavailable(unavailable.cause(), unavailable.retryAfter());
        };
    String name = issuer == null ? BROKER : issuer.config().name();
    record.write(
        request,
        name,
        outcome,
        isNarrower(request, answer),
        Duration.ofNanos(nanoTime.getAsLong() - began));
    return outcome;
  }

  /** RFC 6749 §5.1: an issuer says which scope it gave where that is less than was asked for. */
  private static boolean isNarrower(TokenRequest request, TokenAnswer answer) {
    return answer instanceof TokenAnswer.Success success
        && success.scope() != null
        && request.target().grant() instanceof GrantConfig.Asking asking
        && !success.scope().containsAll(asking.scope());
  }

  /** The standard code that the issuer's own one stands for. */
  private static String meaning(String code, @Nullable Issuer issuer) {
    Map<String, String> errors = issuer == null ? Map.of() : issuer.config().errors();
    return errors.getOrDefault(code, code);
  }

  /**
   * RFC 6749 §5.2 and RFC 8693 §2.2.2. An issuer that finds fault with a form in which no user
   * takes part finds fault with our configuration: nobody can sign in to mend it.
   */
  private static Rejection rejection(String code, boolean user) {
    return switch (code) {
      case "invalid_grant" -> user ? Rejection.INVALID_GRANT : Rejection.UNAUTHORIZED_CLIENT;
      case "invalid_request" -> user ? Rejection.INVALID_REQUEST : Rejection.UNAUTHORIZED_CLIENT;
      case "invalid_target" -> Rejection.INVALID_TARGET;
      case "invalid_scope" -> Rejection.INVALID_SCOPE;
      case "access_denied" -> Rejection.ACCESS_DENIED;
      case "invalid_client" -> Rejection.INVALID_CLIENT;
      case "unauthorized_client", "unsupported_grant_type" -> Rejection.UNAUTHORIZED_CLIENT;
      case "interaction_required",
          "consent_required",
          "login_required",
          "account_selection_required",
          "authorization_pending",
          "insufficient_user_authentication" ->
          user ? Rejection.INTERACTION_REQUIRED : Rejection.UNAUTHORIZED_CLIENT;
      default -> Rejection.OTHER_ERROR;
    };
  }
}
