package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A third party's token, fetched from where it is kept (Keycloak's broker endpoint). */
class StoredTokenTest extends GrantContract {
  private User alice;

  @BeforeEach
  void signIn() {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
  }

  @Override
  TokenRequest request() {
    String origin = issuer.issuer().toString();
    String yaml =
        "issuers:\n"
            + Written.issuer("corp", origin)
            + Written.server(
                "{type: brokered_token, endpoint: %s/broker/github/token}".formatted(origin));
    return Written.request(folder, yaml, alice);
  }

  @Override
  void meet(Fault fault, int times) {
    corp.faults().broker(fault, times);
  }

  @Override
  Fault refusal() {
    return Fault.status(404);
  }

  // R-TX-13
  @Test
  void usersTokenIsTheBearerAndNothingElseIsSaid() {
    granted();

    SeenRequest seen = corp.requests().last();
    assertThat(seen.method() + " " + seen.target())
        .isEqualTo("GET /realms/test/broker/github/token");
    assertThat(seen.headers("authorization"))
        .containsExactly("Bearer " + alice.userToken().text().reveal());
    assertThat(seen.bodyText()).isEmpty();
    assertThat(corp.tokenCalls()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "400, INTERACTION_REQUIRED",
    "401, INVALID_GRANT",
    "403, ACCESS_DENIED",
    "404, INVALID_TARGET"
  })
  void statusSaysWhyThereIsNoToken(int status, Rejection rejection) {
    meet(Fault.status(status), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(rejection));
  }

  @ParameterizedTest
  @CsvSource({"500, UNREACHABLE", "502, UNREACHABLE", "302, ANSWER", "204, ANSWER"})
  void failureIsNoRejection(int status, Cause cause) {
    meet(Fault.status(status), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Unavailable(cause, Duration.ofSeconds(1)));
  }

  /** A mistyped endpoint costs its own server a 503, and no other. */
  @Test
  void endpointThatFailsPausesNobodyElse() {
    meet(Fault.status(500), Faults.ALWAYS);
    for (int i = 0; i < 4; i++) {
      acquire();
    }
    String yaml =
        "issuers:\n"
            + Written.issuer("corp", issuer.issuer())
            + Written.server("{audience: github-mcp}");

    TokenOutcome ofAnother =
        acquirer.acquire(Written.request(folder, yaml, alice), time.deadline());

    assertThat(ofAnother).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(corp.requests().all().stream().filter(seen -> seen.target().contains("/broker/")))
        .hasSize(3);
  }

  // R-TX-3
  @Test
  void tokenThatIsNoAccessTokenIsNotUsed() {
    meet(Fault.json(body -> body.put("token_type", "N_A")), 1);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
  }

  // R-BC-2
  @Test
  void tokenThatWouldEndTheHeaderIsNotUsed() {
    meet(Fault.json(body -> body.put("access_token", "CANARY\r\nX-Evil: 1")), 1);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
  }
}
