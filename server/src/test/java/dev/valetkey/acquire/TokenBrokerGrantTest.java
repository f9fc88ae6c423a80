package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A broker at {@code corp}, asked in its own words (parity.md, TB1 and TB2). */
class TokenBrokerGrantTest extends GrantContract {
  private User alice;

  @BeforeEach
  void signIn() {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
  }

  @Override
  TokenRequest request() {
    return request("https://mcp.github.example/mcp", "");
  }

  @Override
  void meet(Fault fault, int times) {
    corp.faults().broker(fault, times);
  }

  @Override
  Fault refusal() {
    return Fault.status(403);
  }

  @Override
  String refusalCode() {
    return "access_denied";
  }

  @Override
  String pageCode() {
    return "broker_error";
  }

  @Override
  Cause whenDown() {
    return Cause.BROKER;
  }

  @Test
  void brokerIsToldTheServersAddressWithoutItsPath() {
    granted();

    SeenRequest seen = corp.requests().last();
    assertThat(seen.method() + " " + seen.target()).isEqualTo("POST /realms/test/sessions/token");
    assertThat(seen.headers("authorization"))
        .containsExactly("Bearer " + alice.userToken().text().reveal());
    assertThat(seen.headers("x-server-url")).containsExactly("https://mcp.github.example");
    assertThat(seen.header("x-authorization-endpoint")).isNull();
    assertThat(seen.header("x-token-endpoint")).isNull();
    assertThat(seen.bodyText()).isEmpty();
  }

  @Test
  void portAndEndpointsAreToldWhereTheFileHasThem() {
    TokenRequest request =
        request(
            "https://mcp.github.example:8443/mcp",
            ", authorization_endpoint: https://github.example/authorize,"
                + " token_endpoint: https://github.example/access_token");

    assertThat(acquirer.acquire(request, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);
    SeenRequest seen = corp.requests().last();
    assertThat(seen.header("x-server-url")).isEqualTo("https://mcp.github.example:8443");
    assertThat(seen.header("x-authorization-endpoint"))
        .isEqualTo("https://github.example/authorize");
    assertThat(seen.header("x-token-endpoint")).isEqualTo("https://github.example/access_token");
  }

  static Stream<Arguments> answers() {
    TokenOutcome failed = new TokenOutcome.Unavailable(Cause.BROKER, Duration.ofSeconds(1));
    TokenOutcome late = new TokenOutcome.Unavailable(Cause.CONSENT, Duration.ofSeconds(1));
    TokenOutcome signIn = new TokenOutcome.Rejected(Rejection.INVALID_GRANT);
    return Stream.of(
        arguments(401, Map.of("error", "unauthorized"), signIn),
        arguments(401, Map.of("code", "unauthorized", "message", "CANARY"), signIn),
        arguments(
            403, Map.of("error", "forbidden"), new TokenOutcome.Rejected(Rejection.ACCESS_DENIED)),
        arguments(403, Map.of(), new TokenOutcome.Rejected(Rejection.ACCESS_DENIED)),
        arguments(408, Map.of("code", "timeout"), late),
        arguments(500, Map.of("error", "boom"), failed),
        arguments(503, Map.of(), failed),
        arguments(404, Map.of(), failed),
        arguments(410, Map.of("type", "error", "code", "session_expired"), signIn),
        arguments(200, Map.of("error", "session_expired"), signIn),
        arguments(200, Map.of("error", "boom", "token", "CANARY-token"), failed),
        arguments(200, Map.of("code", "boom", "token", "CANARY-token"), failed),
        arguments(200, Map.of("token", ""), failed),
        arguments(200, Map.of("token", "CANARY\r\nX-Evil: 1"), failed),
        arguments(200, Map.of("access_token", "CANARY-token"), failed));
  }

  // TB2: 401, 403 and 408 pass, everything else that is no token is the broker's failure.
  @ParameterizedTest
  @MethodSource("answers")
  void answerMeansOneThing(int status, Map<String, String> body, TokenOutcome outcome) {
    meet(visit -> Reply.json(status, body), 1);

    assertThat(acquire()).isEqualTo(outcome);
    assertThat(corp.requests().count()).isEqualTo(1);
  }

  // TB2: its own bound, however long the caller would wait.
  @Test
  void waitEndsAtMaxWait() {
    meet(Fault.hang(), 1);

    TokenOutcome outcome =
        acquirer.acquire(
            request("https://mcp.github.example/mcp", ", max_wait: 1s"),
            time.deadline(Duration.ofMinutes(10)));

    assertThat(outcome)
        .isEqualTo(new TokenOutcome.Unavailable(Cause.CONSENT, Duration.ofSeconds(1)));
  }

  // TB2
  @Test
  void waitsForDifferentServersRunBesideEachOther() throws Exception {
    CountDownLatch bothWait = new CountDownLatch(2);
    meet(
        visit -> {
          bothWait.countDown();
          try {
            return bothWait.await(10, TimeUnit.SECONDS)
                ? visit.normal().get()
                : Reply.text(500, "they came one after the other");
          } catch (InterruptedException e) {
            return Reply.text(500, "interrupted");
          }
        },
        Faults.ALWAYS);

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var outcomes =
          threads.invokeAll(
              Stream.of("https://mcp.github.example/mcp", "https://wiki.example/mcp")
                  .<Callable<TokenOutcome>>map(
                      url -> () -> acquirer.acquire(request(url, ""), time.deadline()))
                  .toList());

      for (var outcome : outcomes) {
        assertThat(outcome.get()).isInstanceOf(TokenOutcome.Granted.class);
      }
    }
    assertThat(corp.requests().all())
        .extracting(seen -> seen.header("x-server-url"))
        .containsExactlyInAnyOrder("https://mcp.github.example", "https://wiki.example");
  }

  @Test
  void tokenWithoutAnEndIsUsedOnceOrForTheDefaultLifetime() {
    corp.switches().opaqueTokens(true);

    assertThat(granted())
        .satisfies(once -> assertThat(once.expiresAt()).isEqualTo(once.issuedAt()));
    String yaml = yaml("https://mcp.github.example/mcp", "", "default_lifetime: 30s");
    assertThat(acquirer.acquire(Written.request(folder, yaml, alice), time.deadline()))
        .isInstanceOfSatisfying(
            TokenOutcome.Granted.class,
            kept ->
                assertThat(kept.token().expiresAt() - kept.token().issuedAt()).isEqualTo(30_000));
  }

  // R-MCP-2
  @Test
  void usersOwnTokenIsNotGivenBack() {
    meet(Fault.json(body -> body.put("token", alice.userToken().text().reveal())), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE));
  }

  @Test
  void whatTheFileExpectsOfTheTokenIsChecked() {
    String yaml =
        yaml("https://mcp.github.example/mcp", "", "expect: {audience: github-mcp, sub: same}");
    TokenRequest request = Written.request(folder, yaml, alice);
    assertThat(acquirer.acquire(request, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE));
    meet(Fault.issuedClaims(claims -> claims.put("aud", "github-mcp")), 1);
    assertThat(acquirer.acquire(request, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);
    meet(
        Fault.issuedClaims(claims -> {
          claims.put("aud", "github-mcp");
          claims.put("sub", "bob");
        }),
        1);

    assertThat(acquirer.acquire(request, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_SUBJECT));
  }

  private TokenRequest request(String url, String keys) {
    return Written.request(folder, yaml(url, keys), alice);
  }

  private String yaml(String url, String keys, String... ofServer) {
    String server =
        Written.server(
            "{type: token_broker, url: %s/, allow_http: true%s}".formatted(issuer.issuer(), keys),
            ofServer);
    return "issuers:\n"
        + Written.issuer("corp", issuer.issuer())
        + "users: [{issuer: corp}]\n"
        + server.replace("https://mcp.github.example/mcp", url);
  }
}
