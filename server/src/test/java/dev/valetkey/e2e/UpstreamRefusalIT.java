package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers that refuse a good token: one renewal, unseen by the agent, and never a loop (design.md
 * §7).
 */
@Timeout(60)
final class UpstreamRefusalIT {
  private static final String CHALLENGE = "Bearer realm=\"github\", error=\"invalid_token\"";
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;
  private static McpServer github;

  /** Somebody of whom nothing is known: the rule of 30 s holds per key. */
  private String user;

  private String token;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .exchange("github")
            .exchange("jira")
            .server("open", "none", null)
            .server("search", "{type: static, token_file: secrets/static}", null)
            .start();
    github = pod.server("github");
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void signIn() {
    user = "user-" + USERS.incrementAndGet();
    token = pod.issuer().userToken(user);
    assertThat(pod.agent().call("github", token).status()).isEqualTo(200);
    github.requests().clear();
    pod.issuer().requests().clear();
  }

  @AfterEach
  void accept() {
    pod.servers().values().forEach(McpServer::accept);
  }

  // R-CA-4, AU-RENEW, BO-RENEW
  @Test
  void refusedTokenIsRenewedOnceAndTheBodyReplayed() {
    String body = whoami("x".repeat(300_000));
    github.refuseNext(1, 401);

    Http.Response answer = pod.agent().post("github.example", "/mcp", token, body);

    assertThat(answer.status()).isEqualTo(200);
    List<SeenRequest> seen = github.requests().all();
    assertThat(seen).hasSize(2);
    assertThat(seen)
        .allSatisfy(request -> {
          assertThat(request.bodyText()).isEqualTo(body);
          assertThat(request.target()).isEqualTo("/mcp");
          assertThat(request.header("host")).isEqualTo("github.example");
          assertThat(Jwt.of(request.bearer()).claim("sub")).isEqualTo(user);
        });
    assertThat(seen.get(0).bearer().equals(seen.get(1).bearer())).isFalse();
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  // AU-RENEW, BO-RENEW
  @Test
  void secondRefusalReachesTheAgentUntouched() {
    github.alwaysRefuse(401);

    Http.Response answer = pod.agent().call("github", token);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("www-authenticate")).isEqualTo(CHALLENGE);
    assertThat(answer.text()).isEqualTo("github refuses with 401");
    assertThat(github.requests().count()).isEqualTo(2);
  }

  // TM-LOOP
  @Test
  void serverThatAlwaysRefusesCostsTheIssuerLittle() {
    github.alwaysRefuse(401);

    for (int i = 0; i < 40; i++) {
      Http.Response answer = pod.agent().call("github", token);
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("www-authenticate")).isEqualTo(CHALLENGE);
    }

    assertThat(pod.issuer().tokenCalls().size()).isBetween(1, 2);
  }

  // BO-RENEW
  @Test
  void callsThatAreRefusedTogetherShareOneRenewal() {
    github.revoke(github.seenTokens().isEmpty() ? lastIssued() : github.seenTokens().getLast());

    List<Http.Response> answers = Agent.atOnce(20, i -> pod.agent().call("github", token));

    assertThat(answers).allSatisfy(answer -> assertThat(answer.status()).isEqualTo(200));
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  @Test
  void refusalOfABigBodyReachesTheAgentAndTheNextCallHasAFreshToken() {
    String old = lastIssued();
    github.refuseNext(1, 401);

    Http.Response answer =
        pod.agent().post("github.example", "/mcp", token, whoami("x".repeat(1_200_000)));

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("www-authenticate")).isEqualTo(CHALLENGE);
    assertThat(github.requests().count()).isEqualTo(1);
    assertThatNextCallHasAnotherTokenThan(old);
  }

  // R-CA-4
  @Test
  void forbiddenStaysAndTheNextCallHasAFreshToken() {
    String old = lastIssued();
    github.refuseNext(1, 403);

    Http.Response answer = pod.agent().call("github", token);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("www-authenticate")).isEqualTo("Bearer error=\"insufficient_scope\"");
    assertThat(github.requests().count()).isEqualTo(1);
    assertThatNextCallHasAnotherTokenThan(old);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 409, 429, 500, 502, 503, 504})
  void otherStatusesReachTheAgentUntouched(int status) {
    String old = lastIssued();
    github.refuseNext(1, Reply.text(status, "as it is").and("X-Own", "kept"));

    Http.Response answer = pod.agent().call("github", token);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.text()).isEqualTo("as it is");
    assertThat(answer.header("x-own")).isEqualTo("kept");
    assertThat(github.requests().count()).isEqualTo(1);
    pod.agent().call("github", token);
    assertThat(old.equals(github.requests().last().bearer())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Envoy-Retry-On: 5xx,retriable-status-codes",
        "X-Envoy-Retry-Grpc-On: unavailable",
        "X-Envoy-Hedge-On-Per-Try-Timeout: true",
        "X-Envoy-Attempt-Count: 2"
      })
  void retriesCannotBeAskedForByTheAgent(String header) {
    String[] parts = header.split(": ");
    github.refuseNext(3, 503);

    Http.Response answer =
        pod.agent()
            .call(
                "github",
                token,
                parts[0],
                parts[1],
                "X-Envoy-Max-Retries",
                "5",
                "X-Envoy-Retriable-Status-Codes",
                "503");

    assertThat(answer.status()).isEqualTo(503);
    assertThat(github.requests().count()).isEqualTo(1);
  }

  @Test
  void refusedWebSocketHandshakeIsHealed() {
    github.refuseNext(1, 401);

    try (Line line = Line.to(pod.agent().port())) {
      String head =
          line.send(
                  "GET /mcp HTTP/1.1\r\nHost: github.example\r\nAuthorization: Bearer "
                      + token
                      + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
              .head();

      assertThat(head).startsWith("HTTP/1.1 101");
      assertThat(line.send("echo!").readUntil("echo!")).isEqualTo("echo!");
    }
    assertThat(github.requests().count()).isEqualTo(2);
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"open", "search"})
  void serverWhoseGrantCannotRenewKeepsItsOwnChallenge(String name) {
    McpServer server = pod.server(name);
    server.alwaysRefuse(401);
    server.requests().clear();

    Http.Response answer = pod.agent().call(name, token);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("www-authenticate"))
        .isEqualTo("Bearer realm=\"" + name + "\", error=\"invalid_token\"");
    assertThat(answer.text()).isEqualTo(name + " refuses with 401");
    assertThat(server.requests().count()).isEqualTo(1);
  }

  /** Rule 9.2, and 95-103 of hardening.md: what only a confused Envoy would send. */
  @Test
  void retryWithTheTokenOfAnotherServerIsRefused() {
    String forGithub = "Bearer " + lastIssued();
    try (DirectCheck check = new DirectCheck(pod.folder().resolve("authz.sock"))) {
      CheckResponse other = check.ask("retry", "jira", Map.of("authorization", forGithub));
      CheckResponse unknown =
          check.ask("retry", "github", Map.of("authorization", "Bearer CANARY-x"));
      CheckResponse none = check.ask("retry", "github", Map.of());
      CheckResponse users =
          check.ask("retry", "github", Map.of("authorization", "Bearer " + token));
      CheckResponse own = check.ask("retry", "github", Map.of("authorization", forGithub));

      assertThat(List.of(reason(other), reason(unknown), reason(none), reason(users)))
          .containsOnly("unknown_retry");
      assertThat(own.hasOkResponse()).isTrue();
    }
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  @Test
  void renewalIsCounted() {
    double before = pod.metric("valetkey_renewals_total{server=\"github\"}");
    github.refuseNext(1, 401);

    pod.agent().call("github", token);

    assertThat(pod.metric("valetkey_renewals_total{server=\"github\"}")).isEqualTo(before + 1);
  }

  private void assertThatNextCallHasAnotherTokenThan(String old) {
    Poll.until(
        Duration.ofSeconds(10),
        "the access log to say that the token was refused",
        () -> Asked.sidecar(pod).cacheOf("github", token).contains("miss"));
    github.requests().clear();

    Http.Response next = pod.agent().call("github", token);

    assertThat(next.status()).isEqualTo(200);
    assertThat(github.requests().count()).isEqualTo(1);
    assertThat(old.equals(github.requests().last().bearer())).isFalse();
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  private static String reason(CheckResponse answer) {
    Map<String, Object> body = Json.object(answer.getDeniedResponse().getBody());
    return String.valueOf(
        body.containsKey("code")
            ? body.get("code")
            : Json.object(Json.object(body, "error"), "data").get("code"));
  }

  private static String lastIssued() {
    return pod.issuer().issuedTokens().getLast();
  }

  private static String whoami(String padding) {
    return Agent.WHOAMI.replace("\"id\":1", "\"id\":1,\"padding\":\"" + padding + "\"");
  }
}
