package dev.valetkey.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Decision;
import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.call.TestCall;
import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TargetChooser;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.UserTokenFault;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Outbound calls: each row of the table of refusals, each grant, and what is not refused. */
final class GateTest {
  private static final String URL = "https://mcp.github.example/mcp";
  private static final Forward WITH_TOKEN = forward(FakeTokens.TOKEN);
  private static final Forward WITHOUT_TOKEN = new Forward(HeaderEdits.WITHOUT_AUTHORIZATION, null);

  private final Gates gates = withGrant(Configs.EXCHANGE);

  private static Gates withGrant(GrantConfig grant) {
    Gates gates = Gates.of(Configs.of(Configs.server("github", URL, grant)));
    gates.users.knows("CANARY-user", "alice");
    return gates;
  }

  private static TestCall call() {
    return TestCall.outbound("github").bearer("CANARY-user");
  }

  private static Forward forward(AccessToken token) {
    return new Forward(HeaderEdits.authorization(token.authorization()), token.correlation());
  }

  private static Refuse refuse(Reason reason) {
    return new Refuse(reason, reason.status() == 503 ? 1 : 0, false);
  }

  // What the issuer or the cache says.

  @Test
  void cachedTokenOfAKnownUserIsAnsweredAtOnce() {
    gates.tokens.knows(new Granted(FakeTokens.TOKEN));

    assertThat(gates.gate.answerNow(call().build())).isEqualTo(WITH_TOKEN);
    assertThat(gates.judge(call())).isEqualTo(WITH_TOKEN);
    assertThat(gates.users.verifications()).isZero();
  }

  @Test
  void tokenThatMustBeFetchedIsLeftToTheSlowLane() {
    assertThat(gates.gate.answerNow(call().build())).isNull();
    assertThat(gates.judge(call())).isEqualTo(WITH_TOKEN);
  }

  @Test
  void tokenIsAskedForThisServerAndThisUser() {
    gates.judge(call());

    TokenRequest request = gates.tokens.asked().getLast();
    assertThat(request.target().server().name()).isEqualTo("github");
    assertThat(request.target().grant()).isEqualTo(Configs.EXCHANGE);
    assertThat(request.user().sub()).isEqualTo("alice");
    assertThat(request.minLifetime()).isZero();
  }

  @Test
  void unknownUserTokenIsVerifiedInTheSlowLaneOnly() {
    gates.users.wouldAccept("CANARY-user-new", "bob");
    TestCall call = TestCall.outbound("github").bearer("CANARY-user-new");

    assertThat(gates.gate.answerNow(call.build())).isNull();
    assertThat(gates.users.verifications()).isZero();
    assertThat(gates.judge(call)).isEqualTo(WITH_TOKEN);
    assertThat(gates.users.verifications()).isEqualTo(1);
    assertThat(gates.tokens.asked().getLast().user().sub()).isEqualTo("bob");
  }

  /** design.md §8, by what the issuer or its answer was. */
  private static final Map<Rejection, Integer> STATUS =
      Map.ofEntries(
          Map.entry(Rejection.INVALID_GRANT, 401),
          Map.entry(Rejection.INVALID_REQUEST, 401),
          Map.entry(Rejection.INVALID_TARGET, 403),
          Map.entry(Rejection.INVALID_SCOPE, 403),
          Map.entry(Rejection.ACCESS_DENIED, 403),
          Map.entry(Rejection.INVALID_CLIENT, 503),
          Map.entry(Rejection.UNAUTHORIZED_CLIENT, 503),
          Map.entry(Rejection.INTERACTION_REQUIRED, 401),
          Map.entry(Rejection.MAY_ACT, 403),
          Map.entry(Rejection.ISSUER_NOT_ALLOWED, 403),
          Map.entry(Rejection.ISSUED_BINDING, 403),
          Map.entry(Rejection.OTHER_ERROR, 503),
          Map.entry(Rejection.ISSUED_FORMAT, 403),
          Map.entry(Rejection.ISSUED_ISSUER, 403),
          Map.entry(Rejection.ISSUED_AUDIENCE, 403),
          Map.entry(Rejection.ISSUED_EXTRA_AUDIENCE, 403),
          Map.entry(Rejection.ISSUED_SUBJECT, 403),
          Map.entry(Rejection.ISSUED_ACTOR, 403),
          Map.entry(Rejection.ISSUED_SCOPE, 403),
          Map.entry(Rejection.ISSUED_EXPIRED, 403));

  @ParameterizedTest
  @EnumSource
  void everyRejectionIsRefusedWithItsStatus(Rejection rejection) {
    gates.tokens.gives(new Rejected(rejection));

    Refuse fresh = (Refuse) gates.judge(call());
    gates.tokens.knows(new Rejected(rejection));
    Decision remembered = gates.gate.answerNow(call().build());

    assertThat(fresh.reason().status()).isEqualTo(STATUS.get(rejection));
    assertThat(fresh.reason().name())
        .isEqualTo(rejection == Rejection.OTHER_ERROR ? "ISSUER_ERROR" : rejection.name());
    assertThat(remembered).isEqualTo(fresh);
  }

  // R-MCP-16
  @ParameterizedTest
  @CsvSource({
    "UNREACHABLE, ISSUER_UNAVAILABLE",
    "BUSY, ISSUER_BUSY",
    "RATE_LIMIT, ISSUER_RATE_LIMIT",
    "DEADLINE, DEADLINE",
    "ANSWER, ISSUER_ANSWER"
  })
  void everyUnavailabilityIs503WithRetryAfter(Cause cause, Reason reason) {
    gates.tokens.gives(new Unavailable(cause, Duration.ofSeconds(7)));

    assertThat(gates.judge(call())).isEqualTo(new Refuse(reason, 7, false));
    assertThat(reason.status()).isEqualTo(503);
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 1",
    "PT-5S, 1",
    "PT0.001S, 1",
    "PT1S, 1",
    "PT1.001S, 2",
    "PT5M, 300",
    "PT301S, 300",
    "P365D, 300"
  })
  void retryAfterIsWholeSecondsFromOneToThreeHundred(Duration said, int seconds) {
    gates.tokens.knows(new Unavailable(Cause.RATE_LIMIT, said));

    assertThat(gates.judge(call())).isEqualTo(new Refuse(Reason.ISSUER_RATE_LIMIT, seconds, false));
    assertThat(gates.gate.answerNow(call().build())).isNotNull();
  }

  @ParameterizedTest
  @EnumSource
  void everyFaultOfAUserTokenIsRefused(UserTokenFault fault) {
    gates.users.findsFault(fault);

    Refuse refuse = (Refuse) gates.judge(TestCall.outbound("github").bearer("CANARY-user-bad"));

    boolean unjudged = fault.compareTo(UserTokenFault.KEYS_UNAVAILABLE) >= 0;
    assertThat(refuse.reason().status()).isEqualTo(unjudged ? 503 : 401);
    assertThat(refuse.retryAfterSeconds()).isEqualTo(unjudged ? 1 : 0);
    assertThat(gates.tokens.asked()).isEmpty();
  }

  // Grants.

  @ParameterizedTest
  @ValueSource(strings = {"Bearer CANARY-user", "Basic CANARY", "a,b", ""})
  void serverWithoutGrantGetsNoCredentialsAndNobodyReadsThem(String credentials) {
    Gates none = withGrant(Configs.NONE);

    assertThat(none.judge(TestCall.outbound("github").header("authorization", credentials)))
        .isEqualTo(WITHOUT_TOKEN);
    assertThat(none.gate.answerNow(call().build())).isEqualTo(WITHOUT_TOKEN);
    assertThat(none.users.verifications()).isZero();
    assertThat(none.tokens.asked()).isEmpty();
  }

  @Test
  void refusedServerIsRefusedAtOnce() {
    Gates refused = withGrant(Configs.REFUSE);

    assertThat(refused.gate.answerNow(call().build())).isEqualTo(refuse(Reason.SERVER_REFUSED));
    assertThat(refused.judge(call())).isEqualTo(refuse(Reason.SERVER_REFUSED));
  }

  static Stream<GrantConfig> grantsWithoutUser() {
    return Stream.of(Configs.STATIC, Configs.CLIENT_CREDENTIALS);
  }

  @ParameterizedTest
  @MethodSource("grantsWithoutUser")
  void grantsThatNeedNoUserNeverReadOne(GrantConfig grant) {
    Gates workload = withGrant(grant);

    for (String token : new String[] {"CANARY-user", "CANARY-user-bad", "a,b", "\u0000"}) {
      assertThat(workload.judge(TestCall.outbound("github").bearer(token))).isEqualTo(WITH_TOKEN);
    }
    assertThat(workload.tokens.asked())
        .allSatisfy(request -> assertThat(request.user()).isNull())
        .allSatisfy(request -> assertThat(request.target().grant()).isEqualTo(grant));
    assertThat(workload.users.verifications()).isZero();
  }

  static Stream<Arguments> withoutUser() {
    return Stream.of(
        Arguments.of(Configs.REFUSE, refuse(Reason.NO_USER_TOKEN)),
        Arguments.of(Configs.NONE, WITHOUT_TOKEN),
        Arguments.of(Configs.STATIC, WITH_TOKEN),
        Arguments.of(Configs.CLIENT_CREDENTIALS, WITH_TOKEN),
        // A grant that needs a user cannot stand in for one; the configuration refuses it too.
        Arguments.of(Configs.EXCHANGE, refuse(Reason.NO_USER_TOKEN)));
  }

  @ParameterizedTest
  @MethodSource("withoutUser")
  void withoutUserActsWhereNoUserTokenIsPresent(GrantConfig grant, Decision expected) {
    Gates optional = Gates.of(optional(grant));

    assertThat(optional.judge(TestCall.outbound("github"))).isEqualTo(expected);
    assertThat(optional.tokens.asked())
        .allSatisfy(request -> assertThat(request.user()).isNull())
        .allSatisfy(request -> assertThat(request.target().grant()).isEqualTo(grant));
  }

  /** design.md §4: a present, invalid one is always 401. */
  // R-CA-5
  @ParameterizedTest
  @ValueSource(strings = {"Bearer CANARY-user-bad", "Bearer a,Bearer b", "Basic x", "", "Bearer "})
  void withoutUserNeverReplacesAnInvalidUserToken(String value) {
    Gates optional = Gates.of(optional(Configs.CLIENT_CREDENTIALS));

    Refuse refuse =
        (Refuse) optional.judge(TestCall.outbound("github").header("x-valetkey-user-token", value));

    assertThat(refuse.reason().status()).isEqualTo(401);
    assertThat(optional.tokens.asked()).isEmpty();
  }

  private static Config optional(GrantConfig withoutUser) {
    return Configs.of(Configs.server("github", URL, Configs.EXCHANGE, withoutUser));
  }

  // Which server.

  @ParameterizedTest
  @CsvSource({
    "jira, mcp.github.example, /mcp, UNKNOWN_SERVER",
    "github, evil.example, /mcp, AUTHORITY_MISMATCH",
    "github, mcp.github.example, /other, PATH_NOT_LISTED",
    "github, mcp.github.example, /mcp/../x, PATH_NOT_CANONICAL"
  })
  void callsThatDoNotAgreeWithTheConfigurationAreRefused(
      String server, String authority, String path, Reason reason) {
    gates.tokens.knows(new Granted(FakeTokens.TOKEN));
    TestCall call =
        TestCall.outbound(server)
            .with(Part.AUTHORITY, authority)
            .with(Part.PATH, path)
            .bearer("CANARY-user");

    assertThat(gates.gate.answerNow(call.build())).isEqualTo(refuse(reason));
    assertThat(gates.judge(call)).isEqualTo(refuse(reason));
    assertThat(gates.tokens.asked()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Outbound", "inbound", "outbound,retry", "consent"})
  void directionThatIsNotKnownIsRefused(String direction) {
    TestCall call = call().with(Part.DIRECTION, direction);

    assertThat(gates.gate.answerNow(call.build())).isEqualTo(refuse(Reason.DIRECTION_UNKNOWN));
    assertThat(gates.judge(call)).isEqualTo(refuse(Reason.DIRECTION_UNKNOWN));
    assertThat(gates.judge(call.without(Part.DIRECTION)))
        .isEqualTo(refuse(Reason.DIRECTION_UNKNOWN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TRACE", "CONNECT"})
  void methodsThatEchoOrTunnelAreRefusedEverywhere(String method) {
    for (TestCall call :
        new TestCall[] {
          call(), TestCall.unlisted(), TestCall.retry("github"), call().without(Part.DIRECTION)
        }) {
      assertThat(gates.gate.answerNow(call.with(Part.METHOD, method).build()))
          .isEqualTo(refuse(Reason.METHOD_REFUSED));
      assertThat(gates.judge(call)).isEqualTo(refuse(Reason.METHOD_REFUSED));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"post", "PRI", "trace", "", "PROPFIND", "POST ", "GET\u0000"})
  void methodsThatMcpDoesNotNeedAreRefusedOnServers(String method) {
    for (GrantConfig grant : new GrantConfig[] {Configs.EXCHANGE, Configs.NONE, Configs.STATIC}) {
      assertThat(withGrant(grant).judge(call().with(Part.METHOD, method)))
          .isEqualTo(refuse(Reason.METHOD_REFUSED));
    }
  }

  // How long the token should last, and what form a refusal has.

  @ParameterizedTest
  @CsvSource({
    "GET, accept, text/event-stream, 300",
    "GET, accept, 'application/json, Text/Event-Stream;q=0.5', 300",
    "GET, accept, application/json, 0",
    "POST, accept, 'application/json, text/event-stream', 0",
    "POST, mcp-method, subscriptions/listen, 300",
    "POST, mcp-method, tools/call, 0"
  })
  void streamsAskForALongerLife(String method, String header, String value, int seconds) {
    gates.judge(call().with(Part.METHOD, method).header(header, value));

    assertThat(gates.tokens.asked().getLast().minLifetime()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({
    "POST, '', 'application/json, text/event-stream', application/json, true",
    "POST, '', 'text/event-stream,application/json', 'APPLICATION/JSON; charset=utf-8', true",
    "POST, 2025-06-18, '*/*', text/plain, true",
    "GET, 2025-06-18, text/event-stream, '', true",
    "GET, '', 'application/json, text/event-stream', application/json, false",
    "POST, '', application/json, application/json, false",
    "POST, '', text/event-stream, application/json, false",
    "POST, '', 'application/json, text/event-stream', text/plain, false"
  })
  void mcpCallsAreToldByTheirHeaders(
      String method, String version, String accept, String type, boolean mcp) {
    TestCall call =
        TestCall.outbound("github")
            .with(Part.METHOD, method)
            .header("accept", accept)
            .header("content-type", type);
    if (!version.isEmpty()) {
      call.header("mcp-protocol-version", version);
    }

    assertThat(gates.judge(call)).isEqualTo(new Refuse(Reason.NO_USER_TOKEN, 0, mcp));
    assertThat(gates.judge(call.with(Part.SERVER, "jira")))
        .isEqualTo(new Refuse(Reason.UNKNOWN_SERVER, 0, mcp));
  }

  // TM-AWAY
  @Test
  void bugsAndMalformedMessagesAreRefusals() {
    assertThat(gates.gate.unjudged(Reason.INTERNAL)).isEqualTo(refuse(Reason.INTERNAL));
    assertThat(gates.gate.unjudged(Reason.MALFORMED)).isEqualTo(refuse(Reason.MALFORMED));
    assertThat(gates.gate.unjudged(Reason.TOO_LARGE)).isEqualTo(refuse(Reason.TOO_LARGE));
    assertThat(Stream.of(Reason.MALFORMED, Reason.TOO_LARGE, Reason.PATH_NOT_CANONICAL))
        .allMatch(reason -> reason.status() == 400);
  }

  @Test
  void anotherConfigurationHoldsFromTheNextCallOn() {
    gates.tokens.knows(new Granted(FakeTokens.TOKEN));
    assertThat(gates.judge(call())).isEqualTo(WITH_TOKEN);

    gates.gate.use(
        Configs.of(Configs.server("github", URL, Configs.REFUSE)),
        gates.users,
        TargetChooser.AS_CONFIGURED);

    assertThat(gates.judge(call())).isEqualTo(refuse(Reason.SERVER_REFUSED));
  }

  @Test
  void nothingPrintsASecret() {
    gates.tokens.knows(new Granted(FakeTokens.TOKEN));

    Decision decision = gates.judge(call());

    assertThat(
            Stream.of(
                    decision,
                    gates.tokens.asked(),
                    FakeTokens.TOKEN,
                    new Granted(FakeTokens.TOKEN),
                    call().build(),
                    gates.gate)
                .map(Object::toString))
        .noneMatch(text -> text.contains("CANARY-"));
  }
}
