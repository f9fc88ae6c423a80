package dev.valetkey.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.Reason;
import dev.valetkey.call.TestCall;
import dev.valetkey.config.UnlistedHosts;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.UserTokenFault;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the user token of an outbound call is found, and what is wrong with it. */
final class UserTokenTest {
  private static final String URL = "https://mcp.github.example/mcp";
  private static final String MOVED = "x-valetkey-user-token";

  private final Gates gates = gates(new UserTokenSource.Authorization());

  private static Gates gates(UserTokenSource... sources) {
    Gates gates =
        Gates.of(
            Configs.of(
                UnlistedHosts.REMOVE_USER_TOKEN,
                List.of(sources),
                Configs.server("github", URL, Configs.EXCHANGE)));
    gates.users.knows("CANARY-user-a", "alice").knows("CANARY-user-a2", "alice");
    gates.users.knows("CANARY-user-b", "bob");
    return gates;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer CANARY-user-a",
        "bearer CANARY-user-a",
        "BEARER CANARY-user-a",
        "bEaReR CANARY-user-a",
        "Bearer  CANARY-user-a",
        "Bearer      CANARY-user-a"
      })
  void bearerInAnyCaseIsAUserToken(String value) {
    assertThat(userOf(gates, TestCall.outbound("github").header(MOVED, value))).isEqualTo("alice");
    assertThat(userOf(gates, TestCall.outbound("github").header("authorization", value)))
        .isEqualTo("alice");
  }

  /** The numbers 2 to 18 of the table of inputs; 1 and 20 have no such header. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer    ",
        "Bearer\tCANARY-user-a",
        "Bearer CANARY-user-a ",
        " Bearer CANARY-user-a",
        "Bearer CANARY-user-a\t",
        "Bearer CANARY user-a",
        "Basic Q0FOQVJZ",
        "DPoP CANARY-user-a",
        "CANARY-user-a",
        "BearerCANARY-user-a",
        "Bearer:CANARY-user-a",
        "Bearer \u0000",
        "Bearer CANARY-user-a\u0000",
        "Bearer CANARY-user-a\r\nx: y",
        "Bearer CANARY-user-a\n",
        "Bearer \u0080CANARY-user-a",
        "Bearer CANARY-user-\u00ff",
        "\u00c2earer CANARY-user-a",
        "Bearer \u00f0\u009f\u0098\u0080",
        "Bearer \"CANARY-user-a\"",
        "Bearer CANARY-user-a;x",
        "Bearer CANARY-user-a%2c"
      })
  void whatIsNoBearerTokenIsRefused(String value) {
    assertRefused(TestCall.outbound("github").header(MOVED, value), Reason.USER_TOKEN_MALFORMED);
    assertRefused(
        TestCall.outbound("github").header("authorization", value), Reason.USER_TOKEN_MALFORMED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer CANARY-user-a,Bearer CANARY-user-b",
        "Bearer CANARY-user-a, Bearer CANARY-user-a",
        "Bearer CANARY-user-a,",
        "Bearer ,CANARY-user-a",
        "Bearer CANARY-user-a,Basic x"
      })
  void joinedHeadersAreSeveralTokens(String value) {
    assertRefused(TestCall.outbound("github").header(MOVED, value), Reason.SEVERAL_USER_TOKENS);
    assertRefused(
        TestCall.outbound("github").header("authorization", value), Reason.SEVERAL_USER_TOKENS);
  }

  @ParameterizedTest
  @ValueSource(strings = {",Bearer CANARY-user-a", "Basic x,Bearer CANARY-user-a"})
  void joinedHeadersThatBeginWithSomethingElseAreRefusedToo(String value) {
    Refuse refuse = (Refuse) gates.judge(TestCall.outbound("github").header(MOVED, value));

    assertThat(refuse.reason().status()).isEqualTo(401);
  }

  @Test
  void twoHeadersAreSeveralTokensEvenIfEqual() {
    assertRefused(
        TestCall.outbound("github").bearer("CANARY-user-a").bearer("CANARY-user-a"),
        Reason.SEVERAL_USER_TOKENS);
    assertRefused(
        TestCall.outbound("github")
            .header("authorization", "Bearer CANARY-user-a")
            .header("authorization", ""),
        Reason.SEVERAL_USER_TOKENS);
  }

  @Test
  void authorizationBesideTheOneThatEnvoyMovedIsSeveralTokens() {
    assertRefused(
        TestCall.outbound("github")
            .bearer("CANARY-user-a")
            .header("authorization", "Bearer CANARY-user-a"),
        Reason.SEVERAL_USER_TOKENS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"proxy-authorization", "Authorization", "x_valetkey_user_token", "cookie"})
  void otherHeadersAreNoUserToken(String name) {
    assertRefused(
        TestCall.outbound("github").header(name, "Bearer CANARY-user-a"), Reason.NO_USER_TOKEN);
    assertRefused(TestCall.outbound("github"), Reason.NO_USER_TOKEN);
  }

  @Test
  void longestTokenIsReadAndALongerOneNot() {
    String longest = "a".repeat(16 * 1024);
    gates.users.wouldAccept(longest, "carol");

    assertThat(userOf(gates, TestCall.outbound("github").bearer(longest))).isEqualTo("carol");
    for (int length : new int[] {16 * 1024 + 1, 60_000, 1 << 20}) {
      assertRefused(
          TestCall.outbound("github").bearer("a".repeat(length)), Reason.USER_TOKEN_MALFORMED);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"CANARY-user-a", "Bearer CANARY-user-a", "bearer  CANARY-user-a"})
  void headerSourceTakesABareTokenToo(String value) {
    Gates header = gates(new UserTokenSource.Header("x-user"));

    assertThat(userOf(header, TestCall.outbound("github").header("x-user", value)))
        .isEqualTo("alice");
    assertThat(header.judge(TestCall.outbound("github").bearer("CANARY-user-a")))
        .isEqualTo(new Refuse(Reason.NO_USER_TOKEN, 0, false));
  }

  /** In both orders: the first that is present counts, an invalid one ends the search. */
  // AU-SOURCE
  @ParameterizedTest
  @CsvSource({
    "CANARY-user-a, '', alice",
    "'', CANARY-user-b, bob",
    "CANARY-user-a, CANARY-user-a, alice",
    "CANARY-user-a, CANARY-user-a2, alice",
    "CANARY-user-a, CANARY-user-b, SUBJECT_CONFLICT",
    "CANARY-user-b, CANARY-user-a, SUBJECT_CONFLICT",
    "CANARY-user-bad, CANARY-user-a, USER_TOKEN_SIGNATURE",
    "'a,b', CANARY-user-a, SEVERAL_USER_TOKENS",
    "'a b', CANARY-user-a, USER_TOKEN_MALFORMED",
    "CANARY-user-a, CANARY-user-bad, alice",
    "CANARY-user-a, 'not a token', alice"
  })
  void firstSourceThatIsPresentCounts(String first, String second, String expected) {
    Gates two = gates(new UserTokenSource.Authorization(), new UserTokenSource.Header("x-user"));
    assertThat(outcome(two, MOVED, "Bearer " + first, "x-user", second)).isEqualTo(expected);

    Gates turned = gates(new UserTokenSource.Header("x-user"), new UserTokenSource.Authorization());
    assertThat(outcome(turned, "x-user", first, MOVED, "Bearer " + second)).isEqualTo(expected);
  }

  @Test
  void laterSourceThatHasToBeVerifiedIsVerifiedBeforeAnythingIsForwarded() {
    Gates two = gates(new UserTokenSource.Authorization(), new UserTokenSource.Header("x-user"));
    two.users.wouldAccept("CANARY-user-mallory", "mallory");
    two.tokens.knows(new Granted(FakeTokens.TOKEN));
    TestCall call =
        TestCall.outbound("github").bearer("CANARY-user-a").header("x-user", "CANARY-user-mallory");

    assertThat(two.gate.answerNow(call.build())).isNull();
    assertThat(two.judge(call)).isEqualTo(new Refuse(Reason.SUBJECT_CONFLICT, 0, false));
    assertThat(two.tokens.asked()).isEmpty();
  }

  @Test
  void expiredUserTokenIsRefusedWith401() {
    gates.users.findsFault(UserTokenFault.EXPIRED);

    assertRefused(TestCall.outbound("github").bearer("CANARY-user-old"), Reason.USER_TOKEN_EXPIRED);
    assertThat(Reason.USER_TOKEN_EXPIRED.status()).isEqualTo(401);
  }

  private static String outcome(
      Gates gates, String firstName, String first, String secondName, String second) {
    TestCall call = TestCall.outbound("github");
    if (!first.isEmpty() && !first.equals("Bearer ")) {
      call.header(firstName, first);
    }
    if (!second.isEmpty() && !second.equals("Bearer ")) {
      call.header(secondName, second);
    }
    return switch (gates.judge(call)) {
      case Forward forward -> gates.tokens.asked().getLast().user().sub();
      case Refuse refuse -> refuse.reason().name();
    };
  }

  private static String userOf(Gates gates, TestCall call) {
    assertThat(gates.judge(call)).isInstanceOf(Forward.class);
    return gates.tokens.asked().getLast().user().sub();
  }

  private void assertRefused(TestCall call, Reason reason) {
    assertThat(reason.status()).isEqualTo(401);
    assertThat(gates.judge(call)).isEqualTo(new Refuse(reason, 0, false));
  }
}
