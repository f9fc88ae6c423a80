package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One agent for several users and for nobody: whose token a call carries, and that it is never
 * anybody else's. What comparable systems promise, on the wire (docs/parity.md).
 */
@Timeout(60)
final class SeveralUsersIT {
  private static final AtomicInteger USERS = new AtomicInteger();
  private static final String SESSION = "one-session-of-the-agent";

  private static Pod pod;
  private static int callsAtTheStart;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .sections("user_token: {from: [authorization, \"header:x-user-oidc-token\"]}\n")
            .issuerLines("token_endpoint: ISSUER/token?tenant=7", "timeout: 2s")
            .exchange("github")
            .exchange("jira")
            .exchange("batch", "without_user: {type: client_credentials, audience: batch-mcp}")
            .server("public", "{audience: public-mcp}", null, "without_user: none")
            .server(
                "cron", "{type: client_credentials, audience: cron-mcp, scope: run}", "cron-mcp")
            .start();
    callsAtTheStart = pod.issuer().tokenCalls().size();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.servers().values().forEach(server -> server.requests().clear());
    pod.issuer().requests().clear();
  }

  @AfterEach
  void recover() {
    pod.issuer().faults().clear();
    pod.issuer().switches().tokenLife(Duration.ofMinutes(5));
    Poll.until(
        Pod.PATIENCE, "a good answer", () -> pod.agent().call("jira", newUser()).status() == 200);
  }

  // KS5
  @Test
  void nothingIsAskedForBeforeACall() {
    assertThat(callsAtTheStart).isZero();

    pod.agent().call("github", newUser());

    assertThat(audiences()).containsExactly("github-mcp");
  }

  // AB2, R-MCP-3, R-TX-1, R-TX-12
  @Test
  void callIsExchangedAtTheEndpointThatIsConfigured() {
    String user = newUser();

    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);

    Form form = pod.issuer().exchanges().getFirst();
    assertThat(form.first("subject_token").equals(user)).isTrue();
    assertThat(form.names())
        .containsExactly(
            "grant_type", "subject_token", "subject_token_type", "audience", "resource", "scope");
    assertThat(form.all("audience")).containsExactly("github-mcp");
    assertThat(form.all("resource")).containsExactly("http://github.example/mcp");
    assertThat(pod.issuer().tokenCalls().getFirst().target()).endsWith("/token?tenant=7");
    assertThat(pod.server("github").requests().last().headers("authorization")).hasSize(1);
  }

  // KS1, AU-CACHE, R-CA-1
  @Test
  void usersOfOneSessionOfTheAgentHaveTokensOfTheirOwnForEachServer() {
    String ann = newUser();
    String ben = newUser();

    List<Http.Response> answers =
        Agent.atOnce(
            60,
            i ->
                pod.agent()
                    .call(
                        i % 2 == 0 ? "github" : "jira",
                        i % 3 == 0 ? ann : ben,
                        "Mcp-Session-Id",
                        SESSION,
                        "traceparent",
                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));

    assertThat(pod.issuer().exchanges()).hasSize(4);
    for (int i = 0; i < answers.size(); i++) {
      String own = Jwt.of(i % 3 == 0 ? ann : ben).claim("sub");
      assertThat(answers.get(i).text()).contains("\\\"sub\\\":\\\"" + own + "\\\"");
    }
    for (String server : List.of("github", "jira")) {
      assertThat(pod.server(server).seenTokens()).hasSize(2);
      assertThat(pod.server(server).seenTokens())
          .allSatisfy(
              token -> assertThat(Jwt.of(token).audience()).containsExactly(server + "-mcp"));
    }
  }

  // AU-CACHE
  @Test
  void secondCallOfAUserAsksNobodyAndAnotherUsersDoes() {
    String user = newUser();

    pod.agent().call("github", user);
    pod.agent().call("github", user);
    assertThat(pod.issuer().exchanges()).hasSize(1);
    pod.agent().call("github", newUser());

    assertThat(pod.issuer().exchanges()).hasSize(2);
  }

  // AU-FLIGHT, R-TX-14
  @Test
  void threeCallsAtOnceAreOneExchange() {
    pod.issuer().faults().token(Fault.delay(Duration.ofMillis(300)), 1);
    String user = newUser();

    List<Http.Response> answers = Agent.atOnce(3, i -> pod.agent().call("github", user));

    assertThat(answers).allSatisfy(answer -> assertThat(answer.status()).isEqualTo(200));
    assertThat(pod.issuer().exchanges()).hasSize(1);
  }

  // KS3, AB3, R-CA-5, R-TX-13
  @Test
  void callOfNobodyHasTheWorkloadsTokenWhereItIsConfigured() {
    assertThat(pod.agent().call("batch", null).status()).isEqualTo(200);
    assertThat(pod.agent().call("batch", newUser()).status()).isEqualTo(200);
    assertThat(pod.agent().call("batch", null).status()).isEqualTo(200);

    List<SeenRequest> seen = pod.server("batch").requests().all();
    assertThat(seen.stream().map(r -> Jwt.of(String.valueOf(r.bearer())).claim("sub")))
        .containsExactly("agent", "user-" + USERS.get(), "agent");
    assertThat(pod.issuer().tokenCalls()).hasSize(2);
  }

  // KS3, AB3, AU-STRICT
  @Test
  void callOfNobodyIsRefusedWhereNothingIsConfigured() {
    Http.Response answer = pod.agent().call("github", null);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(Agent.code(answer)).isEqualTo("no_user_token");
    assertThat(pod.issuer().tokenCalls()).isEmpty();
    assertThat(pod.server("github").requests().count()).isZero();
  }

  // AB3
  @Test
  void callOfNobodyPassesWithoutATokenWhereThatIsConfigured() {
    assertThat(pod.agent().call("public", null).status()).isEqualTo(200);

    assertThat(pod.server("public").requests().last().headers("authorization")).isEmpty();
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  // KS4, AU-STRICT, R-CA-5, R-CL-7
  @ParameterizedTest
  @CsvSource({
    "invalid_grant, 401, invalid_grant",
    "invalid_request, 401, invalid_request",
    "access_denied, 403, access_denied",
    "unsupported_grant_type, 503, unauthorized_client",
    "server_error, 503, issuer_unavailable"
  })
  void refusedUserDoesNotCallAsTheWorkload(String error, int status, String code) {
    pod.issuer().faults().token(Fault.oauthError(error), Faults.ALWAYS);

    Http.Response answer = pod.agent().call("batch", newUser());

    assertThat(answer.status()).isEqualTo(status);
    assertThat(Agent.code(answer)).isEqualTo(code);
    assertThat(pod.issuer().exchanges()).hasSameSizeAs(pod.issuer().tokenCalls());
    assertThat(pod.server("batch").requests().count()).isZero();
  }

  // KS4, AU-STRICT, BO-TIMEOUT
  @Test
  void issuerThatDoesNotAnswerCostsItsTimeoutAndNoMore() {
    pod.issuer().faults().token(Fault.hang(), Faults.ALWAYS);

    Http.Response answer = pod.agent().call("batch", newUser());

    assertThat(answer.status()).isEqualTo(503);
    assertThat(Agent.code(answer)).isEqualTo("deadline");
    assertThat(pod.server("batch").requests().count()).isZero();
  }

  // KS3, R-CA-5
  @ParameterizedTest
  @ValueSource(strings = {"not-a-jwt", "a.b.c", ""})
  void spoiltUserTokenDoesNotMakeTheCallTheWorkloads(String token) {
    Http.Response answer = pod.agent().call("batch", null, "X-User-Oidc-Token", token);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(pod.server("batch").requests().count()).isZero();
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  // KS4, R-CA-2
  @Test
  void tokenThatEndsInTheMiddleOfARunIsReplaced() {
    pod.issuer().switches().tokenLife(Duration.ofSeconds(3));
    String user = pod.issuer().jwt("runner").expiresIn(Duration.ofMinutes(5)).signed();

    Poll.until(
        Duration.ofSeconds(20),
        "a second token",
        () ->
            pod.agent().call("github", user).status() == 200
                && pod.server("github").seenTokens().size() == 2);

    assertThat(pod.issuer().exchanges()).hasSize(2);
  }

  // AU-SOURCE
  @Test
  void headerThatIsConfiguredHoldsTheUserTokenAndGoesNoFurther() {
    String user = newUser();

    Http.Response answer = pod.agent().call("github", null, "X-User-Oidc-Token", user);

    assertThat(answer.status()).isEqualTo(200);
    SeenRequest seen = pod.server("github").requests().last();
    assertThat(seen.headers("x-user-oidc-token")).isEmpty();
    assertThat(Jwt.of(String.valueOf(seen.bearer())).claim("sub"))
        .isEqualTo(Jwt.of(user).claim("sub"));
  }

  // AU-SOURCE, TM-MIX
  @Test
  void twoSourcesThatNameTwoUsersAreAConflict() {
    Http.Response answer = pod.agent().call("github", newUser(), "X-User-Oidc-Token", newUser());

    assertThat(answer.status()).isEqualTo(403);
    assertThat(Agent.code(answer)).isEqualTo("subject_conflict");
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  // BO-FLIGHT, R-EX-4
  @Test
  void manyCallsOfTheWorkloadAreOneRequest() {
    pod.issuer().faults().token(Fault.delay(Duration.ofMillis(300)), 1);

    List<Http.Response> answers = Agent.atOnce(50, i -> pod.agent().call("cron", null));

    assertThat(answers).allSatisfy(answer -> assertThat(answer.status()).isEqualTo(200));
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
    Form form = pod.issuer().tokenCalls().getFirst().form();
    assertThat(form.names()).containsExactly("grant_type", "audience", "resource", "scope");
    assertThat(form.all("resource")).containsExactly("http://cron.example/mcp");
  }

  private static List<String> audiences() {
    return pod.issuer().exchanges().stream().flatMap(f -> f.all("audience").stream()).toList();
  }

  private static String newUser() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }
}
