package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.SeenRequest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Odd headers of an agent through a real Envoy: hardening.md §5.5 inputs 1 to 20 and T1, T3, T4,
 * T5. Logs at TRACE.
 */
@Timeout(60)
final class AuthorizationInputIT {
  private static Pod pod;
  private static String alice;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .logLevel("TRACE")
            .exchange("github")
            .server("open", "none", null)
            .server("search", "{type: static, token_file: secrets/static}", null)
            .start();
    alice = pod.issuer().userToken("alice");
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.server("github").requests().clear();
    pod.server("open").requests().clear();
    pod.server("search").requests().clear();
  }

  /** {@code lines} with {@code %s} for a good token; code empty: Envoy's own answer. */
  private record Input(int number, String what, String lines, int status, String code) {
    @Override
    public String toString() {
      return number + " " + what;
    }
  }

  private static Stream<Input> inputs() {
    return Stream.of(
        new Input(1, "absent", "", 401, "no_user_token"),
        new Input(2, "empty", "Authorization:\r\n", 401, "no_user_token"),
        new Input(3, "Bearer alone", "Authorization: Bearer\r\n", 401, "user_token_malformed"),
        new Input(4, "Bearer and space", "Authorization: Bearer \r\n", 401, "user_token_malformed"),
        new Input(5, "bearer", "Authorization: bearer %s\r\n", 200, ""),
        new Input(6, "BEARER", "Authorization: BEARER %s\r\n", 200, ""),
        new Input(7, "two spaces", "Authorization: Bearer  %s\r\n", 200, ""),
        new Input(8, "tab", "Authorization: Bearer\t%s\r\n", 401, "user_token_malformed"),
        new Input(9, "trailing space", "Authorization: Bearer %s \r\n", 200, ""),
        new Input(
            10,
            "two headers",
            "Authorization: Bearer %1$s\r\nAuthorization: Bearer %1$s\r\n",
            401,
            "several_user_tokens"),
        new Input(
            11, "comma", "Authorization: Bearer %1$s, Bearer %1$s\r\n", 401, "several_user_tokens"),
        new Input(
            12, "Basic", "Authorization: Basic Q0FOQVJZLTp4\r\n", 401, "user_token_malformed"),
        new Input(13, "DPoP", "Authorization: DPoP %s\r\n", 401, "user_token_malformed"),
        new Input(14, "NUL", "Authorization: Bearer %s\0\r\n", 400, ""),
        new Input(15, "bare LF", "Authorization: Bearer\n%s\r\n", 400, ""),
        // Envoy reads a bare CR and a folded line as a space (RFC 9112 §2.2, §5.2).
        new Input(15, "bare CR", "Authorization: Bearer \r%s\r\n", 200, ""),
        new Input(
            15, "CR in the token", "Authorization: Bearer x\r%s\r\n", 401, "user_token_malformed"),
        new Input(15, "folded", "Authorization: Bearer\r\n %s\r\n", 200, ""),
        new Input(16, "0x80", "Authorization: Bearer %s\u0080\r\n", 401, "user_token_malformed"),
        new Input(
            17,
            "emoji",
            "Authorization: Bearer \u00f0\u009f\u0094\u0091\r\n",
            401,
            "user_token_malformed"),
        new Input(18, "64 KiB", "Authorization: Bearer " + "a".repeat(64 << 10) + "\r\n", 431, ""),
        new Input(19, "1 MiB", "Authorization: Bearer " + "a".repeat(1 << 20) + "\r\n", 431, ""),
        new Input(
            20, "Proxy-Authorization", "Proxy-Authorization: Bearer %s\r\n", 401, "no_user_token"));
  }

  @ParameterizedTest
  @MethodSource
  void inputs(Input input) {
    Http.Response answer = send("github", input.lines().formatted(alice));

    if (input.number() == 19 && answer.status() == 0) {
      answer = new Http.Response(431, List.of(), new byte[0]); // Envoy hung up before the end
    }
    assertThat(answer.status()).isEqualTo(input.status());
    assertThat(Agent.code(answer)).isEqualTo(input.code());
    assertThat(pod.server("github").requests().count()).isEqualTo(input.status() == 200 ? 1 : 0);
    if (answer.status() == 401) {
      assertThat(answer.header("www-authenticate"))
          .startsWith("Bearer error=\"invalid_token\", error_description=\"");
    } else if (answer.status() == 200) {
      assertThatGithubSaw("alice");
    }
  }

  /** T1. */
  // R-MCP-1, TM-HEADERS
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Authorization: Bearer %1$s\r\nAuthorization: Bearer %2$s\r\n",
        "Authorization: Bearer %1$s\r\nauthorization: Bearer %1$s\r\n",
        "AUTHORIZATION: Bearer %1$s\r\nauthORIZation: Bearer %2$s\r\n",
        "Authorization: Bearer %1$s,Bearer %2$s\r\n",
        "Authorization: Bearer %1$s,\r\n",
        "Authorization: ,Bearer %1$s\r\n",
        "Authorization: Basic Q0FOQVJZLTp4\r\nAuthorization: Bearer %1$s\r\n",
        "Authorization: Bearer %1$s\r\nX-Between: y\r\nAuthorization: Basic Q0FOQVJZLTp4\r\n"
      })
  void severalAuthorizationsAreRefused(String lines) {
    String bob = pod.issuer().userToken("bob");

    Http.Response answer = send("github", lines.formatted(alice, bob));

    assertThat(answer.status()).isEqualTo(401);
    assertThat(Agent.code(answer)).isIn("several_user_tokens", "user_token_malformed");
    assertThat(pod.server("github").requests().count()).isZero();
  }

  /** T3. */
  // AB7
  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Valetkey-User-Token",
        "x-valetkey-user-token",
        "X_Valetkey_User_Token",
        "x-valetkey_user-token",
        "X-VALETKEY-USER-TOKEN",
        "X-Envoy-Original-Authorization",
        "X-Forwarded-Authorization"
      })
  void otherNamesAreNoUserToken(String name) {
    Http.Response answer = send("github", name + ": Bearer " + alice + "\r\n");

    assertThat(answer.status()).isEqualTo(401);
    assertThat(Agent.code(answer)).isEqualTo("no_user_token");
    assertThat(pod.server("github").requests().count()).isZero();
  }

  /** T3, T5: with a good token beside it, another user's in our own header counts nothing. */
  // AB7, TM-HEADERS
  @Test
  void userTokenHeaderOfTheAgentIsReplacedByEnvoys() {
    String bob = pod.issuer().userToken("bob");

    Http.Response answer =
        send("github", "X-Valetkey-User-Token: Bearer " + bob + "\r\n" + bearer(alice));

    assertThat(answer.status()).isEqualTo(200);
    assertThatGithubSaw("alice");
  }

  /** T4. */
  // TM-HEADERS
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection: authorization, x-valetkey-user-token\r\n",
        "Connection: close, Authorization\r\n",
        "Connection: x-valetkey-user-token\r\n",
        "Connection: host\r\n",
        "Keep-Alive: authorization\r\nConnection: keep-alive, authorization\r\n"
      })
  void connectionHeaderRemovesNoTokenOfOurs(String lines) {
    Http.Response user = send("github", lines + bearer(alice));
    Http.Response search = send("search", lines);
    Http.Response open = send("open", lines + bearer(alice));

    assertThat(user.status()).isIn(200, 400, 401);
    assertThat(pod.server("github").requests().count()).isEqualTo(user.status() == 200 ? 1 : 0);
    if (user.status() == 200) {
      assertThatGithubSaw("alice");
    }
    if (search.status() == 200) {
      assertThat(pod.server("search").requests().last().bearer())
          .isEqualTo(LeakSearch.STATIC_SECRET);
    } else {
      assertThat(search.status()).isEqualTo(400);
    }
    if (open.status() == 200) {
      assertThat(pod.server("open").requests().last().headers("authorization")).isEmpty();
    } else {
      assertThat(open.status()).isEqualTo(400);
    }
  }

  private static Stream<String> untrusted() {
    return Stream.of(
        "X-Envoy-Attempt-Count: 2",
        "X-Envoy-Original-Path: /other",
        "X-Envoy-Original-Host: open.example",
        "X-Envoy-Internal: true",
        "X-Envoy-External-Address: 10.0.0.1",
        "X-Envoy-Retry-On: 5xx,retriable-status-codes",
        "X-Envoy-Retriable-Status-Codes: 200",
        "X-Envoy-Max-Retries: 5",
        "X-Envoy-Upstream-Alt-Stat-Name: x",
        "X-Envoy-Upstream-Rq-Timeout-Ms: 1",
        "X-Envoy-Expected-Rq-Timeout-Ms: 1",
        "X-Envoy-Decorator-Operation: open",
        "X-Envoy-Peer-Metadata: open",
        "X-Envoy-Force-Trace: true",
        "X-Envoy-Auth-Partial-Body: true",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: open.example",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Proto: ftp",
        "X-Forwarded-Port: 443",
        "X-Forwarded-Prefix: /mcp",
        "X-Forwarded-Uri: /other",
        "X-Forwarded-Method: TRACE",
        "X-Forwarded-User: bob",
        "X-Forwarded-Email: bob@example.com",
        "X-Forwarded-Access-Token: x",
        "X-Forwarded-Client-Cert: By=x;URI=spiffe://x",
        "Forwarded: host=open.example;for=127.0.0.1",
        "X-Original-Url: /other",
        "X-Original-Method: TRACE",
        "X-Rewrite-Url: /other",
        "X-Http-Method-Override: TRACE",
        "X-Auth-Request-User: bob",
        "X-Remote-User: bob",
        "X-Real-Ip: 127.0.0.1",
        "X-Request-Id: 11111111-1111-4111-8111-111111111111",
        "X-Valetkey-Direction: retry",
        "X-Valetkey-Server: open",
        "X-Valetkey-Subject: bob",
        "X-Valetkey-Session: bob",
        "Valetkey.Direction: unlisted",
        "Mcp-Session-Id: 1868a90c-8fcf-4fc7-9e10-22c57cd0b4f5",
        "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Baggage: sub=bob,valetkey.server=open");
  }

  /** T5. */
  // AB7, TM-HEADERS
  @ParameterizedTest
  @MethodSource("untrusted")
  void untrustedHeaderChangesNoDecision(String line) {
    Http.Response without = send("github", line + "\r\n");
    Http.Response with = send("github", line + "\r\n" + bearer(alice));

    assertThat(List.of(without.status(), with.status())).isEqualTo(List.of(401, 200));
    assertThat(Agent.code(without)).isEqualTo("no_user_token");
    assertThatGithubSaw("alice");
    assertThat(
            pod.server("github").requests().last().headers().stream()
                .map(header -> header.name().toLowerCase(Locale.ROOT)))
        .noneMatch(name -> name.startsWith("x-envoy-") || name.startsWith("x-valetkey-"));
  }

  /** An upstream that echoes would show our token to the agent. */
  @ParameterizedTest
  @ValueSource(strings = {"TRACE", "trace", "CONNECT", "PRI", "FOO"})
  void methodsThatEchoOrTunnelAreRefused(String method) {
    Http.Response answer =
        pod.agent().raw(Agent.request(method, "/mcp", Pod.host("github"), bearer(alice), ""));

    assertThat(answer.status()).isIn(400, 403, 404);
    assertThat(pod.server("github").requests().count()).isZero();
  }

  /** T21: the search at the end of each class is not blind. */
  // R-CA-6, BO-SECRETS, TM-SECRETS
  @Test
  void leakIsFoundInAnyEncoding() {
    List<String> leaks =
        List.of(
            alice,
            alice.split("\\.")[1],
            Base64.getEncoder().encodeToString(("xy" + alice).getBytes(ISO_8859_1)),
            HexFormat.of().formatHex(alice.getBytes(ISO_8859_1)),
            LeakSearch.STATIC_SECRET,
            Issuer.AGENT_SECRET,
            PodFile.PARTNER_SECRET,
            pod.leaks().secret("CANARY-first-secret-of-an-agent"),
            pod.leaks().secret("CANARY-second-secret-of-an-agent"));

    for (String leak : leaks) {
      pod.leaks().keep("planted", "before " + leak + " after");
      assertThatThrownBy(() -> pod.leaks().search())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("planted");
      pod.leaks().forget("planted");
    }
  }

  private static Http.Response send(String server, String lines) {
    return pod.agent().raw(Agent.request("POST", "/mcp", Pod.host(server), lines, Agent.WHOAMI));
  }

  private static String bearer(String token) {
    return "Authorization: Bearer " + token + "\r\n";
  }

  /** One request, whose only token was issued for this server and this user. */
  private static void assertThatGithubSaw(String user) {
    List<SeenRequest> seen = new ArrayList<>(pod.server("github").requests().all());
    assertThat(seen).hasSize(1);
    Jwt jwt = Jwt.of(seen.getFirst().bearer());
    assertThat(jwt.claim("sub")).isEqualTo(user);
    assertThat(jwt.audience()).containsExactly("github-mcp");
  }
}
