package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Poll;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a running pod tells its operator, and what it tells nobody: hardening.md T20. */
@Timeout(60)
final class AdminIT {
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;

  private String user;
  private String token;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .sections("unlisted_hosts: refuse\n")
            .exchange("github")
            .exchange("jira")
            .server("shut", "refuse", null)
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void newUser() {
    user = "user-" + USERS.incrementAndGet() + "-of-this-test";
    token = pod.issuer().userToken(user);
    pod.issuer().requests().clear();
  }

  @Test
  void explainShowsSixLinesAndAsksNobody() {
    String cold = explain("http://github.example/mcp");
    pod.agent().call("github", token);
    pod.issuer().requests().clear();
    String warm = explain("http://github.example/mcp");

    assertThat(names(cold)).containsExactly("call", "user", "token", "target", "cache", "decision");
    assertThat(cold).contains("github", user, pod.issuer().issuer(), "github-mcp", "read", "miss");
    assertThat(names(warm)).containsExactly("call", "user", "token", "target", "cache", "decision");
    assertThat(warm).contains("hit").doesNotContain("miss");
    assertThat(pod.issuer().requests().count()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "http://github.example/other, path_not_listed",
    "http://shut.example/mcp, server_refused",
    "http://nowhere.example/mcp, unlisted_host",
    "http://github.example//mcp, path_not_canonical",
  })
  void explainSaysWhyNot(String url, String reason) {
    assertThat(explain(url)).contains(reason);
    assertThat(pod.issuer().requests().count()).isZero();
  }

  @Test
  void explainOfAForgedTokenIsARefusalAndOpensNoSession() {
    token = pod.issuer().jwt(user).brokenSignature();

    assertThat(explain("http://github.example/mcp")).contains("user_token_signature");
    assertThat(sessions()).doesNotContain(user);
  }

  @Test
  void endedSessionHasNoTokensLeft() {
    pod.agent().call("github", token);
    pod.agent().call("jira", token);
    String line =
        sessions()
            .lines()
            .filter(text -> text.contains(" " + user + " "))
            .findFirst()
            .orElseThrow();
    String id = line.substring(0, line.indexOf(' '));
    assertThat(sessions()).contains("  github: until ", "  jira: until ");

    String ended = pod.command("sessions", "--socket", pod.adminSocket().toString(), "--end", id);

    assertThat(ended).isEqualTo("ended, 2 tokens dropped\n");
    assertThat(sessions()).doesNotContain(user);
    pod.issuer().requests().clear();

    Http.Response next = pod.agent().call("github", token);

    assertThat(next.status()).as(Agent.code(next)).isEqualTo(200);
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  @Test
  void endingASessionLeavesTheOthersAlone() {
    String other = pod.issuer().userToken("other-" + user);
    pod.agent().call("github", token);
    pod.agent().call("github", other);
    String line =
        sessions()
            .lines()
            .filter(text -> text.contains(" " + user + " "))
            .findFirst()
            .orElseThrow();
    pod.command(
        "sessions",
        "--socket",
        pod.adminSocket().toString(),
        "--end",
        line.substring(0, line.indexOf(' ')));
    pod.issuer().requests().clear();

    assertThat(pod.agent().call("github", other).status()).isEqualTo(200);

    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  // R-BC-4
  @Test
  void firstHitsRefusalsAndIssuerCallsAreAuditedOneByOne() {
    pod.agent().call("github", token);
    pod.agent().call("github", token);
    for (int i = 0; i < 5; i++) {
      pod.agent().call("github", token);
    }
    pod.agent().call("shut", token);
    pod.agent().call("shut", token);

    awaitAudit(line -> "server_refused".equals(line.get("reason")), 2);
    List<Map<String, Object>> issuerCalls =
        awaitAudit(line -> "issuer_call".equals(line.get("event")) && isOurs(line), 1);
    assertThat(issuerCalls.getFirst())
        .containsEntry("server", "github")
        .containsEntry("decision", "granted")
        .containsKeys("time", "millis", "issuer");
    List<Map<String, Object>> forwards =
        awaitAudit(line -> "forward".equals(line.get("decision")) && isOurs(line), 2);
    assertThat(forwards).hasSizeBetween(1, 2); // the miss, and the first of six hits
    assertThat(forwards.getFirst())
        .containsEntry("event", "call")
        .containsEntry("server", "github")
        .containsEntry("issuer", pod.issuer().issuer())
        .containsEntry("subject", user)
        .containsEntry("cache", "miss")
        .containsKeys("session", "token", "millis", "time");
    String issued = pod.issuer().issuedTokens().getLast();
    assertThat(digest(issued)).startsWith(String.valueOf(forwards.getFirst().get("token")));
    assertThat(forwards.getLast()).containsEntry("cache", "hit");
  }

  @Test
  void hitsAreSummedUpWhenTheSessionEnds() {
    for (int i = 0; i < 8; i++) {
      pod.agent().call("github", token);
    }
    String line =
        sessions()
            .lines()
            .filter(text -> text.contains(" " + user + " "))
            .findFirst()
            .orElseThrow();
    pod.command(
        "sessions",
        "--socket",
        pod.adminSocket().toString(),
        "--end",
        line.substring(0, line.indexOf(' ')));

    Poll.until(
        Duration.ofSeconds(10),
        "eight calls in the audit log",
        () ->
            audit(l -> "forward".equals(l.get("decision")) && isOurs(l)).stream()
                    .mapToLong(l -> l.get("count") instanceof Long count ? count : 1)
                    .sum()
                == 8);
    assertThat(audit(l -> "forward".equals(l.get("decision")) && isOurs(l))).hasSize(3);
  }

  /** T20: the agent can read it. */
  // R-CA-6, BO-SECRETS, TM-SECRETS
  @Test
  void metricsNameNobodyAndNothingSecret() {
    pod.agent().call("github", token);
    pod.agent().call("shut", token);

    String metrics = pod.metrics().text();

    assertThat(metrics).doesNotContain(user, "CANARY", pod.issuer().issuer(), digest(token));
    assertThat(metrics)
        .contains(
            "valetkey_calls_total{",
            "valetkey_refusals_total{",
            "valetkey_issuer_calls_total{",
            "valetkey_issuer_call_seconds",
            "valetkey_cache_entries",
            "valetkey_sessions",
            "valetkey_internal_errors_total 0");
    assertThat(metrics.lines().filter(line -> !line.startsWith("#")))
        .allSatisfy(line ->
            assertThat(line)
                .matches(
                    "\\w+(\\{((server|issuer|reason|outcome|result|le)=\"[^\"]*\",?)*})? \\S+"));
  }

  @Test
  void refusalsAreCountedByReason() {
    String sample = "valetkey_refusals_total{reason=\"server_refused\",server=\"shut\"}";
    String otherOrder = "valetkey_refusals_total{server=\"shut\",reason=\"server_refused\"}";
    double before = pod.metric(sample) + pod.metric(otherOrder);

    pod.agent().call("shut", token);

    assertThat(pod.metric(sample) + pod.metric(otherOrder)).isEqualTo(before + 1);
  }

  // TM-SOCKET
  @ParameterizedTest
  @CsvSource({"admin.sock, rw-------", "authz.sock, rw-rw----"})
  void socketsAreClosedToOthers(String socket, String mode) throws IOException {
    Path path = pod.folder().resolve(socket);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo(mode);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/sessions",
        "/explain",
        "/metrics/x",
        "/debug",
        "/admin",
        "/config",
        "/quit"
      })
  void pagesForTheAgentAreThreeAndControlNothing(String path) {
    assertThat(Http.get(pod.admin(path)).status()).isEqualTo(404);
    assertThat(Http.request("POST", pod.admin("/metrics"), null, new byte[0]).status())
        .isEqualTo(405);
  }

  @Test
  void readyPageListsEveryIssuer() {
    Http.Response ready = Http.get(pod.admin("/readyz"));

    assertThat(ready.status()).isEqualTo(200);
    assertThat(ready.json()).containsEntry("ready", true);
    assertThat(ready.text()).contains("{\"name\":\"corp\",\"state\":\"ok\"}");
  }

  private String explain(String url) {
    pod.write("token-of-the-test", token);
    return pod.command(
        "explain",
        "--socket",
        pod.adminSocket().toString(),
        "--token-file",
        pod.folder().resolve("token-of-the-test").toString(),
        url);
  }

  private static String sessions() {
    return pod.command("sessions", "--socket", pod.adminSocket().toString());
  }

  private static List<String> names(String explanation) {
    return explanation.lines().map(line -> line.split(" ", 2)[0]).toList();
  }

  private boolean isOurs(Map<String, Object> line) {
    return user.equals(line.get("subject"));
  }

  private static List<Map<String, Object>> awaitAudit(
      Predicate<Map<String, Object>> wanted, int lines) {
    Poll.until(
        Duration.ofSeconds(10),
        () -> lines + " such audit lines in\n" + pod.sidecar().out(),
        () -> audit(wanted).size() >= lines);
    return audit(wanted);
  }

  private static List<Map<String, Object>> audit(Predicate<Map<String, Object>> wanted) {
    return pod.sidecar().out().lines().map(Json::object).filter(wanted).toList();
  }

  private static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
