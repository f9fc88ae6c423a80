package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Reason;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A token endpoint that answers wrongly, through a real Envoy: hardening.md §5.5 inputs 104 to 115,
 * T2, T13, T17. No such answer ever becomes a token at the server.
 */
@Timeout(60)
final class IssuerAnswerIT {
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;

  @BeforeAll
  static void start() {
    pod = new PodFile().exchange("github").issuerLines("timeout: 2s").start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.server("github").requests().clear();
  }

  /** All is well again: also for the breaker, which a good answer closes. */
  @AfterEach
  void recover() {
    pod.issuer().faults().clear();
    Poll.until(
        Pod.PATIENCE, "a good answer", () -> pod.agent().call("github", newUser()).status() == 200);
    pod.issuer().requests().clear();
  }

  /** {@code reason}: the code; each fault meets every call of its case. */
  private record Case(int number, String what, int status, String reason, Fault fault) {
    @Override
    public String toString() {
      return number + " " + what;
    }
  }

  private static Case json(
      int number, String what, int status, String reason, Consumer<Map<String, Object>> change) {
    return new Case(number, what, status, reason, Fault.json(change));
  }

  private static Case claims(String what, String reason, Consumer<Map<String, Object>> change) {
    return new Case(112, what, 403, reason, Fault.issuedClaims(change));
  }

  private static Stream<Case> answers() {
    String unusable = "issuer_answer";
    String format = "issued_format";
    return Stream.of(
        json(104, "no access_token", 503, unusable, body -> body.remove("access_token")),
        json(104, "access_token null", 503, unusable, body -> body.put("access_token", null)),
        json(104, "access_token empty", 503, unusable, body -> body.put("access_token", "")),
        new Case(104, "HTML", 503, unusable, Fault.html()),
        new Case(104, "a JSON array", 503, unusable, Fault.text(body -> "[" + body + "]")),
        new Case(104, "truncated", 503, unusable, Fault.truncated()),
        json(105, "token_type mac", 503, unusable, body -> body.put("token_type", "mac")),
        json(105, "token_type DPoP", 503, unusable, body -> body.put("token_type", "DPoP")),
        json(105, "no token_type", 503, unusable, body -> body.remove("token_type")),
        json(105, "token_type N_A", 503, unusable, body -> body.put("token_type", "N_A")),
        json(106, "no issued_token_type", 503, unusable, body -> body.remove("issued_token_type")),
        json(
            106,
            "another issued_token_type",
            503,
            unusable,
            body -> body.put("issued_token_type", "urn:ietf:params:oauth:token-type:id_token")),
        json(107, "CR LF", 503, unusable, token("CANARY-a\r\nX-Evil: b")),
        json(107, "LF", 503, unusable, token("CANARY-a\nb")),
        json(107, "NUL", 503, unusable, token("CANARY-a\0b")),
        json(107, "space", 503, unusable, token("CANARY-a b")),
        json(107, "comma", 503, unusable, token("CANARY-a,b")),
        json(107, "not ASCII", 503, unusable, token("CANARY-\u00e9")),
        json(107, "1 MiB", 503, unusable, token("CANARY" + "a".repeat(1 << 20))),
        json(107, "number", 503, unusable, body -> body.put("access_token", 7)),
        json(107, "object", 503, unusable, body -> body.put("access_token", Map.of("a", "b"))),
        json(107, "opaque", 403, format, token("CANARY-opaque-token")),
        json(
            107,
            "the user's own token",
            403,
            "issued_audience",
            body -> body.put("access_token", newUser())),
        json(108, "expires_in negative", 403, "issued_expired", body -> body.put("expires_in", -5)),
        json(108, "expires_in an object", 503, unusable, body -> body.put("expires_in", Map.of())),
        json(108, "expires_in words", 503, unusable, body -> body.put("expires_in", "soon")),
        new Case(109, "UTF-16", 503, unusable, Fault.utf16()),
        new Case(109, "gzip", 503, unusable, Fault.gzip()),
        new Case(109, "br", 503, unusable, Fault.header("Content-Encoding", "br")),
        new Case(109, "8 MiB", 503, unusable, Fault.oversize(8 << 20)),
        new Case(
            110,
            "access_token twice",
            503,
            unusable,
            Fault.text(body -> body.replaceFirst("\\{", "{\"access_token\":\"CANARY-first\","))),
        new Case(
            110,
            "token_type twice",
            503,
            unusable,
            Fault.text(body -> body.replaceFirst("\\{", "{\"token_type\":\"Bearer\","))),
        json(
            111,
            "error beside a token",
            401,
            "invalid_grant",
            body -> body.put("error", "invalid_grant")),
        new Case(113, "204", 503, unusable, Fault.noContent()),
        new Case(114, "connection cut", 503, "", Fault.cutOff()),
        new Case(114, "no answer", 503, "deadline", Fault.hang()),
        new Case(114, "a byte a second", 503, "deadline", Fault.drip(Duration.ofSeconds(1))),
        new Case(114, "500", 503, "issuer_unavailable", Fault.status(500)),
        new Case(114, "502", 503, "issuer_unavailable", Fault.status(502)),
        new Case(114, "503", 503, "", Fault.status(503, "Retry-After", "1")),
        new Case(114, "429", 503, "issuer_rate_limit", Fault.status(429, "Retry-After", "1")));
  }

  /** T17. */
  private static Stream<Case> wider() {
    return Stream.of(
        claims("aud of another", "issued_audience", claims -> claims.put("aud", "jira-mcp")),
        claims(
            "aud of two",
            "issued_extra_audience",
            claims -> claims.put("aud", List.of("github-mcp", "jira-mcp"))),
        claims("no aud", "issued_audience", claims -> claims.remove("aud")),
        claims("aud a number", "issued_format", claims -> claims.put("aud", 7)),
        claims("sub of another", "issued_subject", claims -> claims.put("sub", "admin")),
        claims("no sub", "issued_subject", claims -> claims.remove("sub")),
        claims("wider scope", "issued_scope", claims -> claims.put("scope", "read write")),
        claims(
            "wider scope as an array",
            "issued_scope",
            claims -> claims.put("scope", List.of("read", "write"))),
        claims(
            "iss of another", "issued_issuer", claims -> claims.put("iss", "https://evil.example")),
        claims("expired", "issued_expired", claims -> claims.put("exp", 1_000_000_000L)),
        json(
            112,
            "scope of the answer wider",
            403,
            "issued_scope",
            body -> body.put("scope", "read admin")));
  }

  private static Stream<Case> errors() {
    return Stream.of(
        error("invalid_grant", 401, "invalid_grant"),
        error("invalid_request", 401, "invalid_request"),
        error("invalid_target", 403, "invalid_target"),
        error("invalid_scope", 403, "invalid_scope"),
        error("access_denied", 403, "access_denied"),
        error("invalid_client", 503, "invalid_client"),
        error("unauthorized_client", 503, "unauthorized_client"),
        error("unsupported_grant_type", 503, "unauthorized_client"),
        error("interaction_required", 401, "interaction_required"),
        error("consent_required", 401, "interaction_required"),
        error("login_required", 401, "interaction_required"),
        error("temporarily_unavailable", 503, "issuer_unavailable"),
        error("unheard_of", 503, "issuer_error"));
  }

  private static Case error(String code, int status, String reason) {
    return new Case(111, "error " + code, status, reason, Fault.oauthError(code));
  }

  // R-MCP-2, R-TX-3, R-TX-7, R-TX-9, R-BC-2, AB2, TM-REUSE
  @ParameterizedTest
  @MethodSource({"answers", "wider", "errors"})
  void badAnswerIsRefusedWithItsReason(Case wrong) {
    pod.issuer().faults().token(wrong.fault(), 100);

    Http.Response answer = pod.agent().call("github", newUser());

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(wrong.status());
    if (!wrong.reason().isEmpty()) {
      assertThat(Agent.code(answer)).isEqualTo(wrong.reason());
    }
    assertThat(pod.server("github").requests().count()).isZero();
    assertThat(answer.header("x-evil")).isNull();
    assertThat(answer.text()).doesNotContain("CANARY");
    String challenge = answer.header("www-authenticate");
    switch (wrong.reason()) {
      case "invalid_scope" -> assertThat(challenge).contains("insufficient_scope");
      default -> {
        if (wrong.status() == 401) {
          assertThat(challenge)
              .isEqualTo(
                  "Bearer error=\"invalid_token\", error_description=\"%s (valetkey: %s)\""
                      .formatted(
                          Reason.valueOf(Agent.code(answer).toUpperCase(Locale.ROOT)).message(),
                          Agent.code(answer)));
        } else {
          assertThat(challenge).isNull();
        }
      }
    }
    if (wrong.status() == 503 && !"issuer_error".equals(wrong.reason())) {
      assertThat(answer.header("retry-after")).matches("[0-9]+");
    }
  }

  private static Stream<Case> harmless() {
    return Stream.of(
        json(105, "token_type bearer", 200, "", body -> body.put("token_type", "bearer")),
        json(108, "no expires_in", 200, "", body -> body.remove("expires_in")),
        json(108, "expires_in as text", 200, "", body -> body.put("expires_in", "300")),
        json(108, "expires_in 2^63", 200, "", body -> body.put("expires_in", 9.3e18)),
        json(108, "expires_in 10 years", 200, "", body -> body.put("expires_in", 315_360_000L)),
        // Google's and Entra's tokens reach this; a header of Envoy's may have 60 KiB.
        new Case(
            107,
            "token of 12 KiB",
            200,
            "",
            Fault.issuedClaims(claims -> claims.put("groups", "g".repeat(9 << 10)))),
        new Case(114, "a hundred interim responses", 200, "", Fault.afterInterim(103, 3)),
        new Case(115, "Set-Cookie", 200, "", Fault.header("Set-Cookie", "CANARY-cookie=1; Path=/")),
        json(
            112,
            "openid beside the scope",
            200,
            "",
            body -> body.put("scope", "openid read email")));
  }

  /** What an issuer may answer, so that the refusals above are for what they say. */
  @ParameterizedTest
  @MethodSource("harmless")
  void oddButGoodAnswerIsTaken(Case odd) {
    pod.issuer().faults().token(odd.fault(), 1);

    Http.Response answer = pod.agent().call("github", newUser());

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(200);
  }

  // R-TX-11: nobody here could keep one.
  @Test
  void refreshTokenIsNeitherAskedForNorKept() {
    String refresh = pod.leaks().secret("CANARY-refresh-token-of-somebody");
    pod.issuer().faults().token(Fault.json(body -> body.put("refresh_token", refresh)), 1);
    pod.issuer().requests().clear();
    String user = newUser();

    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);

    assertThat(pod.issuer().exchanges()).hasSize(1);
    assertThat(pod.issuer().exchanges().getFirst().names())
        .doesNotContain("requested_token_type", "refresh_token");
    assertThat(pod.issuer().exchanges().getFirst().all("scope")).containsExactly("read");
    assertThat(pod.command("sessions", "--socket", pod.adminSocket().toString()).contains(refresh))
        .isFalse();
  }

  /** 115. */
  @Test
  void cookiesOfTheIssuerAreNotSentBack() {
    pod.issuer().faults().token(Fault.header("Set-Cookie", "CANARY-cookie=1; Path=/"), 1);
    pod.agent().call("github", newUser());

    pod.agent().call("github", newUser());

    assertThat(pod.issuer().tokenCalls().getLast().headers("cookie")).isEmpty();
  }

  /** 109: a byte order mark is an error or is skipped, nothing else. RFC 8259 §8.1. */
  @Test
  void byteOrderMarkIsSkippedOrRefused() {
    pod.issuer().faults().token(Fault.byteOrderMark(), 100);

    Http.Response answer = pod.agent().call("github", newUser());

    assertThat(answer.status()).isIn(200, 503);
    assertThat(pod.server("github").requests().count()).isEqualTo(answer.status() == 200 ? 1 : 0);
  }

  private static Stream<Case> redirects() {
    return Stream.of(301, 302, 303, 307, 308)
        .flatMap(status ->
            Stream.of("evil", "self", "http")
                .map(where ->
                    new Case(status, where, 503, "", Fault.redirect(status, location(where)))));
  }

  private static String location(String where) {
    return switch (where) {
      case "evil" -> pod.evil().url("/token");
      case "self" -> pod.issuer().tokenEndpoint() + "?again";
      default -> "http://localhost:" + pod.evil().port() + "/token";
    };
  }

  /** T13. */
  @ParameterizedTest
  @MethodSource("redirects")
  void redirectOfTheTokenEndpointIsNotFollowed(Case redirect) {
    pod.issuer().faults().token(redirect.fault(), 100);

    Http.Response answer = pod.agent().call("github", newUser());

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(503);
    assertThat(pod.evil().connections()).isZero();
    assertThat(pod.issuer().tokenCalls()).noneMatch(call -> call.target().contains("again"));
    assertThat(pod.server("github").requests().count()).isZero();
  }

  /** An answer of bytes that are no HTTP. */
  @Test
  void answerThatIsNoHttpIsAFailureOfTheIssuer() {
    pod.issuer().faults().token(visit -> new Reply.Raw("CANARY-no-http\r\n\r\n"), 100);

    Http.Response answer = pod.agent().call("github", newUser());

    assertThat(answer.status()).isEqualTo(503);
    assertThat(pod.server("github").requests().count()).isZero();
  }

  /** T2: what MCP clients show their user is our sentence, not the issuer's. */
  @Test
  void mcpClientReadsOurMessage() {
    pod.issuer().faults().token(Fault.oauthError("invalid_target"), 1);

    Http.Response answer =
        pod.agent()
            .call(
                "github",
                newUser(),
                "Accept",
                "application/json, text/event-stream",
                "MCP-Protocol-Version",
                "2025-11-25");

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("content-type")).startsWith("application/json");
    assertThat(answer.json()).containsEntry("jsonrpc", "2.0").containsEntry("id", null);
    assertThat(Agent.code(answer)).isEqualTo("invalid_target");
    assertThat(answer.text()).contains("-32001").doesNotContain("CANARY");
  }

  private static Consumer<Map<String, Object>> token(String text) {
    return body -> body.put("access_token", text);
  }

  /** A user of his own for each call: nothing is remembered about him. */
  private static String newUser() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }
}
