package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who acts for whom (RFC 8693 §4). */
class DelegationTest extends GrantContract {
  private static final String ASKED =
      "{audience: github-mcp, resource: [], actor_token_file: actor}";

  private User alice;

  @BeforeEach
  void signIn() {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
  }

  @Override
  TokenRequest request() {
    actor("robot");
    return request(ASKED);
  }

  // R-TX-2, KS2: a projected token is renewed by the platform.
  @Test
  void actorTokenIsReadAnewAndTravelsWithItsType() {
    TokenRequest request = request();
    acquirer.acquire(request, time.deadline());
    String renewed = actor("robot");

    assertThat(acquirer.acquire(request, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(corp.exchanges().getLast())
        .isEqualTo(
            Form.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token",
                alice.userToken().text().reveal(),
                "subject_token_type",
                Requests.ACCESS_TOKEN,
                "audience",
                "github-mcp",
                "actor_token",
                renewed,
                "actor_token_type",
                Requests.JWT));
  }

  // R-TX-2
  @Test
  void workloadsOwnTokenMayBeTheActor() {
    TokenOutcome outcome =
        acquirer.acquire(
            request(
                "{audience: github-mcp, resource: [], actor_token_from: workload}",
                "workload: {type: client_credentials, scope: act}"),
            time.deadline());

    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(corp.tokenCalls()).hasSize(2);
    assertThat(corp.tokenCalls().getFirst().form())
        .isEqualTo(Form.of("grant_type", "client_credentials", "scope", "act"));
    Form exchange = corp.exchanges().getLast();
    assertThat(exchange.first("actor_token")).isEqualTo(corp.issuedTokens().reversed().get(1));
    assertThat(exchange.first("actor_token_type")).isEqualTo(Requests.ACCESS_TOKEN);
  }

  @Test
  void workloadThatGetsNoTokenCannotAct() {
    corp.faults().token(Fault.oauthError("invalid_scope"), 1);

    TokenOutcome outcome =
        acquirer.acquire(
            request(
                "{audience: github-mcp, actor_token_from: workload}",
                "workload: {type: client_credentials, scope: act}"),
            time.deadline());

    assertThat(outcome).isEqualTo(new TokenOutcome.Rejected(Rejection.INVALID_SCOPE));
    assertThat(corp.exchanges()).isEmpty();
  }

  static Stream<Arguments> mayAct() {
    return Stream.of(
        arguments("the actor", Map.of("sub", "robot"), true),
        arguments("anybody of another issuer", Map.of("iss", "https://evil.example"), false),
        arguments(
            "the actor's name elsewhere",
            Map.of("sub", "robot", "iss", "https://evil.example"),
            false),
        arguments("somebody else", Map.of("sub", "mallory"), false),
        arguments("what only the issuer can judge", Map.of("client_id", "x"), true),
        arguments("not an object", "robot", true));
  }

  // R-TX-10: RFC 8693 §4.4 is looked at before anybody is asked.
  @ParameterizedTest(name = "{0}")
  @MethodSource("mayAct")
  void userTokenSaysWhoMayAct(String name, Object mayAct, boolean allowed) {
    actor("robot");
    String token = corp.jwt("alice").claim("may_act", mayAct).signed();
    User user = Requests.user(corp.issuer(), "alice", token);

    TokenOutcome outcome =
        acquirer.acquire(Written.request(folder, yaml(ASKED, ""), user), time.deadline());

    if (allowed) {
      assertThat(outcome).as(name).isInstanceOf(TokenOutcome.Granted.class);
    } else {
      assertThat(outcome).as(name).isEqualTo(new TokenOutcome.Rejected(Rejection.MAY_ACT));
      assertThat(corp.requests().all()).isEmpty();
    }
  }

  static Stream<Arguments> acts() {
    Map<String, Object> robot = Map.of("sub", "robot");
    return Stream.of(
        arguments("required", "act: required", robot, true),
        arguments("required and missing", "act: required", Map.of(), false),
        arguments("required and no object", "act: required", "robot", false),
        arguments("optional and missing", "act: optional", Map.of(), true),
        arguments("by name", "act_sub: robot", robot, true),
        arguments("another name", "act_sub: robot", Map.of("sub", "mallory"), false),
        arguments("no name", "act_sub: robot", Map.of("iss", "x"), false),
        arguments(
            "the outermost is right",
            "act_sub: robot",
            Map.of("sub", "robot", "act", Map.of("sub", "front")),
            true),
        arguments(
            "only an inner one is right",
            "act_sub: robot",
            Map.of("sub", "front", "act", Map.of("sub", "robot")),
            false),
        arguments("by name, where it is there", "act: optional, act_sub: robot", Map.of(), true),
        arguments(
            "by name, and another is there",
            "act: optional, act_sub: robot",
            Map.of("sub", "mallory"),
            false));
  }

  // R-TX-10: RFC 8693 §4.1, only the outermost actor counts.
  @ParameterizedTest(name = "{0}")
  @MethodSource("acts")
  void issuedTokenNamesTheActor(String name, String expect, Object act, boolean accepted) {
    actor("robot");
    corp.faults().token(Fault.issuedClaims(claims -> claims.put("act", act)), 1);

    TokenOutcome outcome =
        acquirer.acquire(
            Written.request(folder, yaml(ASKED, "", "expect: {" + expect + "}"), alice),
            time.deadline());

    if (accepted) {
      assertThat(outcome).as(name).isInstanceOf(TokenOutcome.Granted.class);
    } else {
      assertThat(outcome).as(name).isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_ACTOR));
    }
  }

  @Test
  void chainOfActorsIsTakenOver() {
    actor("robot");
    String token = corp.jwt("alice").claim("act", Map.of("sub", "front")).signed();
    User user = Requests.user(corp.issuer(), "alice", token);

    TokenOutcome outcome =
        acquirer.acquire(
            Written.request(folder, yaml(ASKED, "", "expect: {act_sub: robot}"), user),
            time.deadline());

    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(Jwt.of(corp.issuedTokens().getLast()).claims().get("act"))
        .isEqualTo(Map.of("sub", "robot", "act", Map.of("sub", "front")));
  }

  private TokenRequest request(String grant, String... named) {
    return Written.request(folder, yaml(grant, String.join(", ", named)), alice);
  }

  private String yaml(String grant, String named, String... ofServer) {
    return "issuers:\n"
        + Written.issuer("corp", issuer.issuer())
        + (named.isEmpty() ? "" : "grants: {" + named + "}\n")
        + Written.server(grant, ofServer);
  }

  private String actor(String name) {
    String token = corp.userToken(name);
    try {
      Files.writeString(folder.resolve("actor"), token + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return token;
  }
}
