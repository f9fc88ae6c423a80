package dev.valetkey.acquire;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.oauth.Form;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.TokenAnswer;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * One call to a token endpoint, from the form to a token that passed its check; recorded.
 * Thread-safe.
 */
final class IssuerCall {
  private static final Duration ANSWER_RETRY = Duration.ofSeconds(1);

  private final Issuers issuers;
  private final IssuedTokenCheck check;
  private final CallRecord record;

  IssuerCall(Issuers issuers, IssuedTokenCheck check, CallRecord record) {
    this.issuers = issuers;
    this.check = check;
    this.record = record;
  }

  /**
   * @param acceptable whether the grant takes such an answer; a token that it does not take is no
   *     answer
   */
  TokenOutcome ask(
      TokenRequest request,
      Form form,
      Predicate<TokenAnswer.Success> acceptable,
      Deadline deadline) {
    IssuerConfig issuer = request.target().issuer();
    if (issuer == null) {
      return new TokenOutcome.Rejected(Rejection.ACCESS_DENIED);
    }
    LongSupplier nanoTime = deadline.nanoTime();
    long began = nanoTime.getAsLong();
    TokenAnswer answer = issuers.of(issuer).token(form, deadline);
    TokenOutcome outcome =
        switch (answer) {
          case TokenAnswer.Success success ->
              acceptable.test(success)
                  ? check.judge(request, success)
                  : new TokenOutcome.Unavailable(TokenOutcome.Cause.ANSWER, ANSWER_RETRY);
          case TokenAnswer.Refused refused ->
              new TokenOutcome.Rejected(rejection(refused.code(), request.user() != null));
          case TokenAnswer.Unavailable unavailable ->
              new TokenOutcome.Unavailable(unavailable.cause(), unavailable.retryAfter());
        };
    record.write(request, issuer, outcome, Duration.ofNanos(nanoTime.getAsLong() - began));
    return outcome;
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
      default -> Rejection.OTHER_ERROR;
    };
  }
}
