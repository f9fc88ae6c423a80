package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every grant that asks a token endpoint does alike. */
abstract class TokenEndpointContract extends GrantContract {
  /** What an OAuth error means for this grant. */
  abstract Rejection meaningOf(String code);

  /** Whether an answer without {@code token_type} is no answer. */
  boolean demandsTokenType() {
    return true;
  }

  /** For grants on behalf of a user, of whom the issuer may speak when it refuses. */
  static Rejection ofUser(String code) {
    return switch (code) {
      case "invalid_grant" -> Rejection.INVALID_GRANT;
      case "invalid_request" -> Rejection.INVALID_REQUEST;
      case "interaction_required", "consent_required", "login_required" ->
          Rejection.INTERACTION_REQUIRED;
      default -> ofClient(code);
    };
  }

  /** For grants without a user: nobody can sign in to mend what is wrong. */
  static Rejection ofClient(String code) {
    return switch (code) {
      case "invalid_target" -> Rejection.INVALID_TARGET;
      case "invalid_scope" -> Rejection.INVALID_SCOPE;
      case "access_denied" -> Rejection.ACCESS_DENIED;
      case "invalid_client" -> Rejection.INVALID_CLIENT;
      default -> Rejection.UNAUTHORIZED_CLIENT;
    };
  }

  // R-CA-2
  @Test
  void jwtThatEndsBeforeExpiresInCounts() {
    long soon = time.instant().getEpochSecond() + 100;
    meet(Fault.issuedClaims(claims -> claims.put("exp", soon)), 1);

    AccessToken token = granted();

    assertThat(token.expiresAt() - token.issuedAt()).isBetween(98_000L, 100_000L);
  }

  // R-TX-5
  @Test
  void missingExpiresInLeavesTheJwtsEnd() {
    meet(Fault.json(body -> body.remove("expires_in")), 1);

    AccessToken token = granted();

    assertThat(token.expiresAt() - token.issuedAt()).isBetween(298_000L, 300_000L);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -5})
  void tokenThatHasExpiredIsRefused(long expiresIn) {
    meet(Fault.json(body -> body.put("expires_in", expiresIn)), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_EXPIRED));
  }

  // R-TX-7: one meaning for each code.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "invalid_grant",
        "invalid_request",
        "invalid_target",
        "invalid_scope",
        "access_denied",
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "interaction_required",
        "consent_required",
        "login_required"
      })
  void oauthErrorIsARejection(String code) {
    meet(Fault.oauthError(code), Faults.ALWAYS);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(meaningOf(code)));
  }

  // R-CL-7: what was refused is not asked again in another way.
  @Test
  void refusedQuestionIsAskedOnce() {
    meet(Fault.oauthError("invalid_grant"), 1);

    acquire();

    assertThat(corp.tokenCalls()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"500, UNREACHABLE", "404, ANSWER"})
  void failureIsNoRejection(int status, Cause cause) {
    meet(Fault.status(status), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Unavailable(cause, Duration.ofSeconds(1)));
  }

  // R-TX-3, R-TX-4, trap 11: what is not meant for a header never gets into one.
  // R-TX-3
  @ParameterizedTest
  @ValueSource(strings = {"N_A", "DPoP", "missing"})
  void tokenTypeThatIsNoBearersIsNoAnswer(String type) {
    meet(
        Fault.json(body -> {
          if (type.equals("missing")) {
            body.remove("token_type");
          } else {
            body.put("token_type", type);
          }
        }),
        1);

    TokenOutcome outcome = acquire();

    if (type.equals("missing") && !demandsTokenType()) {
      assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    } else {
      assertThat(outcome)
          .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
    }
  }
}
