package dev.valetkey.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.call.TestCall;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.UpstreamRefusal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The second attempt after a server's 401. */
final class RetryTest {
  private static final Refuse UNKNOWN = new Refuse(Reason.UNKNOWN_RETRY, 0, false);

  private final Gates gates =
      Gates.of(
          Configs.of(Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE)));

  private static TestCall call() {
    return TestCall.retry("github").header("authorization", "Bearer CANARY-refused");
  }

  @Test
  void refusedTokenIsReplacedByAnother() {
    AccessToken other = FakeTokens.token("CANARY-renewed");
    gates.tokens.renews(new Granted(other));

    assertThat(gates.gate.answerNow(call().build())).isNull();
    assertThat(gates.judge(call()))
        .isEqualTo(
            new Forward(HeaderEdits.authorization(other.authorization()), other.correlation()));
    assertThat(gates.tokens.renewals())
        .containsExactly(FakeSubjects.digest("CANARY-refused").hex() + " github");
    assertThat(gates.tokens.asked()).isEmpty();
  }

  @Test
  void digestOfTheRetryIsTheIssuedTokensOwn() {
    AccessToken issued = FakeTokens.token("CANARY-refused");
    gates.tokens.renews(new Granted(issued));

    gates.judge(call());

    assertThat(gates.tokens.renewals()).containsExactly(issued.digest().hex() + " github");
  }

  @Test
  void tokenThatIsNotOursIsRefused() {
    assertThat(gates.judge(call())).isEqualTo(UNKNOWN);
  }

  @Test
  void outcomesOfRenewingAreRefusedLikeOthers() {
    gates.tokens.renews(new Rejected(Rejection.INVALID_GRANT));
    assertThat(gates.judge(call())).isEqualTo(new Refuse(Reason.INVALID_GRANT, 0, false));

    gates.tokens.renews(new Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(9)));
    assertThat(gates.judge(call())).isEqualTo(new Refuse(Reason.ISSUER_UNAVAILABLE, 9, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Bearer ", "Basic x", "CANARY-refused", "Bearer a,Bearer b", "Bearer \u0001"})
  void retryWithoutOneBearerTokenIsRefused(String value) {
    gates.tokens.renews(new Granted(FakeTokens.TOKEN));

    assertThat(gates.judge(TestCall.retry("github").header("authorization", value)))
        .isEqualTo(UNKNOWN);
    assertThat(gates.judge(TestCall.retry("github"))).isEqualTo(UNKNOWN);
    assertThat(gates.judge(call().header("authorization", "Bearer CANARY-2"))).isEqualTo(UNKNOWN);
    assertThat(gates.tokens.renewals()).isEmpty();
  }

  @Test
  void userTokenInARetryIsNotLookedAt() {
    gates.users.knows("CANARY-user", "alice");
    gates.tokens.renews(new Granted(FakeTokens.TOKEN)).knows(new Granted(FakeTokens.TOKEN));

    assertThat(gates.judge(TestCall.retry("github").bearer("CANARY-user"))).isEqualTo(UNKNOWN);
  }

  @Test
  void retryForAnotherHostPathOrServerIsRefused() {
    gates.tokens.renews(new Granted(FakeTokens.TOKEN));

    assertThat(gates.judge(call().with(Part.AUTHORITY, "evil.example")))
        .isEqualTo(new Refuse(Reason.AUTHORITY_MISMATCH, 0, false));
    assertThat(gates.judge(call().with(Part.PATH, "/other")))
        .isEqualTo(new Refuse(Reason.PATH_NOT_LISTED, 0, false));
    assertThat(gates.judge(call().with(Part.SERVER, "jira")))
        .isEqualTo(new Refuse(Reason.UNKNOWN_SERVER, 0, false));
    assertThat(gates.tokens.renewals()).isEmpty();
  }

  @Test
  void refusalThatStaysIsHandedOn() {
    TokenDigest digest = FakeSubjects.digest("CANARY-refused");

    gates.gate.upstreamRefused(digest, new UpstreamRefusal(401, List.of(), null));

    assertThat(gates.tokens.forgotten()).containsExactly(digest);
  }
}
