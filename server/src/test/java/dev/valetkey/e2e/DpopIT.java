package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
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
 * Tokens that are bound to a key of ours (RFC 9449): issuer and server demand a fresh proof with
 * every request, and check each with the JDK alone.
 */
@Timeout(60)
final class DpopIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;
  private static McpServer github;

  private String user;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .issuerLines("dpop_bound_access_tokens: true")
            .partner()
            .server(
                "github",
                "{issuer: corp, audience: github-mcp}",
                "github-mcp",
                "aliases: [\"http://github.local/mcp\"]")
            .with(options -> options.withProofs("http://github.example"))
            .server("bearers", "{issuer: partner, audience: bearers-mcp}", "bearers-mcp")
            .start();
    github = pod.server("github");
    pod.issuer().switches().dpop(true);
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void signIn() {
    user = newUser();
    github.requests().clear();
    pod.issuer().requests().clear();
  }

  @AfterEach
  void accept() {
    github.accept();
    github.wantNonce(null);
    pod.issuer().faults().clear();
    pod.partner().faults().clear();
    pod.issuer().switches().dpopNonce(null);
  }

  // R-EX-6, R-BC-3, TM-REUSE
  @Test
  void everyRequestHasAProofOfItsOwn() {
    for (int i = 0; i < 5; i++) {
      assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    }

    assertThat(pod.issuer().tokenCalls()).hasSize(1);
    assertThat(proofs()).hasSize(5);
    assertThat(proofs().stream().map(proof -> proof.claim("jti")).distinct()).hasSize(5);
    assertThat(Jwt.of(token(0)).claims().get("cnf")).isInstanceOf(Map.class);
  }

  // R-EX-6: RFC 9449 §4.2
  @Test
  void proofNamesMethodAndAddressWithoutQuery() {
    Http.Response answer =
        pod.agent().post("github.local", "/mcp/deep%20er?a=b&htu=c", user, Agent.WHOAMI);

    assertThat(answer.status()).isEqualTo(200);
    Jwt proof = proofs().getFirst();
    assertThat(proof.claim("htm")).isEqualTo("POST");
    assertThat(proof.claim("htu")).isEqualTo("http://github.example/mcp/deep%20er");
    assertThat(proof.header().keySet()).containsExactlyInAnyOrder("alg", "typ", "jwk");
    assertThat(Json.object(proof.header(), "jwk").keySet())
        .containsExactlyInAnyOrder("kty", "crv", "x", "y");
  }

  // R-EX-6
  @Test
  void proofOfAnotherMethodNamesThatMethod() {
    pod.agent()
        .raw(
            Agent.request(
                "DELETE", "/mcp", "github.example", "Authorization: Bearer " + user + "\r\n", ""));

    assertThat(proofs().getFirst().claim("htm")).isEqualTo("DELETE");
    assertThat(github.requests().count()).isEqualTo(1);
  }

  // R-EX-6, R-MCP-1
  @ParameterizedTest
  @ValueSource(strings = {"forged", "", "a.b.c"})
  void proofOfTheAgentIsReplaced(String forged) {
    Http.Response answer =
        pod.agent().call("github", user, "DPoP", forged, "dpop", "second " + forged);

    assertThat(answer.status()).isEqualTo(200);
    SeenRequest seen = github.requests().last();
    assertThat(seen.headers("dpop")).hasSize(1);
    assertThat(seen.headers("authorization")).hasSize(1);
  }

  // R-EX-6: RFC 9449 §8
  @Test
  void nonceOfTheIssuerIsUsedAtOnce() {
    pod.issuer().switches().dpopNonce("nonce-1");

    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    assertThat(pod.agent().call("github", newUser()).status()).isEqualTo(200);

    assertThat(pod.issuer().tokenCalls().stream().map(DpopIT::proof).map(p -> p.claim("nonce")))
        .endsWith("nonce-1", "nonce-1")
        .hasSize(3);
    assertThat(pod.issuer().tokenCalls().stream().map(DpopIT::proof).map(p -> p.claim("htu")))
        .containsOnly(pod.issuer().issuer() + "/token");
  }

  // R-EX-6: RFC 9449 §9. Envoy shows us the nonce only when the answer is already on its way.
  @Test
  void nonceOfTheServerIsInTheNextCallsProof() {
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    github.wantNonce("nonce-of-github");

    Http.Response first = pod.agent().call("github", user);
    assertThat(first.status()).isEqualTo(401);
    assertThat(first.header("dpop-nonce")).isEqualTo("nonce-of-github");
    awaitSuccess();
    int tokens = pod.issuer().tokenCalls().size();
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);

    assertThat(proofs().getLast().claim("nonce")).isEqualTo("nonce-of-github");
    assertThat(pod.issuer().tokenCalls()).hasSize(tokens);
  }

  // R-EX-6, BO-RENEW
  @Test
  void refusedTokenIsReplacedWithAProofForTheNewOne() {
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    github.requests().clear();
    github.refuseNext(1, 401);

    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);

    assertThat(github.requests().count()).isEqualTo(2);
    assertThat(token(0).equals(token(1))).isFalse();
    assertThat(proofs().get(0).claim("ath").equals(proofs().get(1).claim("ath"))).isFalse();
    assertThat(proofs().get(0).claim("jti").equals(proofs().get(1).claim("jti"))).isFalse();
  }

  /** A server that gives a new nonce with every answer refuses tokens like any other. */
  @Test
  void tokenThatIsRefusedTogetherWithANonceIsReplaced() {
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    github.refuseNext(
        1,
        Reply.text(403, "no")
            .and("WWW-Authenticate", "DPoP error=\"invalid_token\"")
            .and("DPoP-Nonce", "next"));
    assertThat(pod.agent().call("github", user).status()).isEqualTo(403);

    Poll.until(
        SOON,
        "another token",
        () ->
            pod.agent().call("github", user).status() == 200
                && pod.issuer().tokenCalls().size() == 2);

    assertThat(proofs().getLast().claim("nonce")).isEqualTo("next");
  }

  /** The key stays in the sidecar: a token that is said to be a bearer's would be refused. */
  // R-EX-6, R-BC-3
  @Test
  void bearerTokenThatIsBoundToAKeyIsNotUsed() {
    pod.issuer()
        .faults()
        .token(Fault.json(answer -> answer.put("token_type", "Bearer")), Faults.ALWAYS);

    assertThatRefused(pod.agent().call("github", user), 403, "issued_binding");
  }

  // R-EX-6
  @Test
  void tokenThatIsBoundToSomebodyElsesKeyIsNotUsed() {
    pod.issuer()
        .faults()
        .token(Fault.issuedClaims(c -> c.put("cnf", Map.of("jkt", "x".repeat(43)))), Faults.ALWAYS);

    assertThatRefused(pod.agent().call("github", user), 403, "issued_binding");
  }

  // R-EX-6, R-TX-3
  @Test
  void boundTokenThatNobodyAskedForIsNotUsed() {
    pod.partner()
        .faults()
        .token(Fault.json(answer -> answer.put("token_type", "DPoP")), Faults.ALWAYS);

    assertThatRefused(pod.agent().call("bearers", user), 503, "issuer_answer");
    assertThat(pod.server("bearers").requests().count()).isZero();
  }

  // R-EX-6
  @Test
  void keyThatNobodyAskedForIsNotProven() {
    pod.partner()
        .faults()
        .token(Fault.issuedClaims(c -> c.put("cnf", Map.of("jkt", "x".repeat(43)))), Faults.ALWAYS);

    assertThatRefused(pod.agent().call("bearers", user), 403, "issued_binding");
  }

  private static void assertThatRefused(Http.Response answer, int status, String code) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(Agent.code(answer)).isEqualTo(code);
    assertThat(github.requests().count()).isZero();
  }

  private void awaitSuccess() {
    Poll.until(SOON, "an accepted call", () -> pod.agent().call("github", user).status() == 200);
  }

  private static String newUser() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }

  private static String token(int request) {
    return String.valueOf(github.requests().all().get(request).dpopToken());
  }

  private static List<Jwt> proofs() {
    return github.requests().all().stream().map(DpopIT::proof).toList();
  }

  private static Jwt proof(SeenRequest request) {
    return Jwt.of(String.valueOf(request.header("dpop")));
  }
}
