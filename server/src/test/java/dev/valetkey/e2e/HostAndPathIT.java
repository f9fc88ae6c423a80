package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.SeenRequest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Odd hosts and paths through a real Envoy: hardening.md §5.5 inputs 48 to 92, T6, T7. Whatever the
 * agent writes, a token reaches only its own server, and only below its own path.
 */
@Timeout(60)
final class HostAndPathIT {
  private static Pod pod;
  private static String alice;

  @BeforeAll
  static void start() {
    pod = new PodFile().exchange("github").exchange("jira").server("shut", "refuse", null).start();
    alice = pod.issuer().userToken("alice");
    pod.agent().call("github", alice);
    pod.agent().call("jira", alice);
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.servers().values().forEach(server -> server.requests().clear());
  }

  /** {@code statuses}: what may be answered; with 200 the server github saw its own token. */
  private record Input(int number, String text, Set<Integer> statuses) {
    static Input of(int number, String text, Integer... statuses) {
      return new Input(number, text, Set.of(statuses));
    }

    @Override
    public String toString() {
      return number + " " + (text.length() > 40 ? text.substring(0, 40) + "…" : text);
    }
  }

  private static Stream<Input> hosts() {
    return Stream.of(
        Input.of(48, "GitHub.EXAMPLE", 200),
        Input.of(49, "github.example.", 200),
        Input.of(50, "github.example..", 400, 403),
        Input.of(50, "github..example", 400, 403),
        Input.of(51, "github.example:443", 200),
        Input.of(51, "github.example:80", 200),
        Input.of(52, "github.example:0443", 200, 400, 403),
        Input.of(53, "github.example:99999", 200, 400, 403),
        Input.of(53, "github.example:", 200, 400, 403),
        Input.of(53, "github.example:x", 400, 403),
        Input.of(54, "", 400, 403),
        Input.of(55, "a@github.example", 400, 403),
        Input.of(55, "github.example@evil.example", 400, 403),
        Input.of(56, "evil.example#github.example", 400, 403),
        Input.of(56, "github.example#evil.example", 400, 403),
        Input.of(57, "github.example.evil.example", 403),
        Input.of(57, "evil-github.example", 403),
        Input.of(58, "github.example%2eevil", 400, 403),
        Input.of(58, "github%2eexample", 400, 403),
        Input.of(59, "g\u00c3\u00adthub.example", 400, 403),
        Input.of(59, "xn--gthub-n4a.example", 403),
        Input.of(59, "g\u00d1\u0096thub.example", 400, 403),
        Input.of(59, "github\u00e3\u0080\u0082example", 400, 403),
        Input.of(60, "[::1]", 400, 403),
        Input.of(61, "[::ffff:127.0.0.1]", 400, 403),
        Input.of(62, "[fe80::1%25eth0]", 400, 403),
        Input.of(63, "127.1", 400, 403),
        Input.of(64, "0x7f000001", 400, 403),
        Input.of(65, "017700000001", 400, 403),
        Input.of(66, "2130706433", 400, 403),
        Input.of(67, "169.254.169.254", 400, 403),
        Input.of(68, "100.100.100.200", 400, 403),
        Input.of(69, "64:ff9b::a9fe:a9fe", 400, 403),
        Input.of(69, "[64:ff9b::a9fe:a9fe]", 400, 403),
        Input.of(70, "git_hub.example", 403),
        Input.of(71, "a".repeat(300) + ".example", 400, 403),
        Input.of(72, "github.example evil.example", 400, 403),
        Input.of(72, "github .example", 400, 403),
        Input.of(73, "github.example,jira.example", 400, 403),
        Input.of(73, "github.example, evil.example", 400, 403));
  }

  // AB3, R-MCP-2, AB1, AB8, TM-PINNED
  @ParameterizedTest
  @MethodSource
  void hosts(Input host) {
    Http.Response answer = pod.agent().post(host.text(), "/mcp", alice, Agent.WHOAMI);

    judge(host, answer);
  }

  /** 74: absolute form and Host differ. RFC 9112 §3.2.2: Host is ignored. */
  // AB8
  @ParameterizedTest
  @MethodSource
  void requestLines(Input line) {
    String[] parts = line.text().split(" ");

    Http.Response answer = pod.agent().post(parts[1], parts[0], alice, Agent.WHOAMI);

    judge(line, answer);
  }

  private static Stream<Input> requestLines() {
    return Stream.of(
        Input.of(74, "http://github.example/mcp evil.example", 200),
        Input.of(74, "http://evil.example/mcp github.example", 403),
        Input.of(74, "https://github.example/mcp evil.example", 200, 400, 403),
        Input.of(74, "http://evil.example@github.example/mcp github.example", 400, 403, 200),
        Input.of(74, "http://github.example:80/mcp evil.example", 200),
        Input.of(74, "ftp://github.example/mcp evil.example", 400, 403, 404),
        Input.of(74, "http:///mcp github.example", 400, 403, 404),
        Input.of(86, "mcp github.example", 400, 403),
        Input.of(86, "mcp/../mcp github.example", 400, 403),
        Input.of(87, "* github.example", 400, 403),
        Input.of(87, "*/mcp github.example", 400, 403));
  }

  /** 54, 74: the absolute form names one server and Host the other: never the other's token. */
  // AB8
  @Test
  void absoluteFormDecidesBetweenTwoServers() {
    Http.Response answer =
        pod.agent().post("jira.example", "http://github.example/mcp", alice, Agent.WHOAMI);

    assertThat(answer.status()).isIn(200, 400, 403);
    assertThat(pod.server("jira").requests().count()).isZero();
    assertOwnToken();
  }

  @Test
  void twoHostsAreRefused() {
    Http.Response answer =
        pod.agent()
            .raw(
                Agent.request(
                    "POST",
                    "/mcp",
                    "github.example",
                    "Host: jira.example\r\nAuthorization: Bearer " + alice + "\r\n",
                    Agent.WHOAMI));

    assertThat(answer.status()).isIn(400, 403, 404);
    assertNothingSeen();
  }

  @Test
  void refusedServerIsNeverCalled() {
    Http.Response answer = pod.agent().call("shut", alice);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(Agent.code(answer)).isEqualTo("server_refused");
    assertNothingSeen();
  }

  private static Stream<Input> paths() {
    return Stream.of(
        Input.of(76, "//mcp", 400),
        Input.of(76, "/mcp//x", 400),
        Input.of(76, "/mcp//../mcp", 200, 400),
        Input.of(77, "/mcp/../x", 403),
        Input.of(77, "/x/../mcp", 200),
        Input.of(77, "/mcp/..", 403),
        Input.of(77, "/../mcp", 200, 400),
        Input.of(78, "/mcp%2f..", 400),
        Input.of(78, "/mcp%2F..%2fadmin", 400),
        Input.of(78, "/mcp/%2e%2e/admin", 400, 403),
        Input.of(78, "/mcp/.%2e/admin", 400, 403),
        Input.of(79, "/mcp%252f", 400, 403),
        Input.of(79, "/mcp/%252e%252e/admin", 200, 400),
        Input.of(80, "/MCP", 403),
        Input.of(80, "/Mcp/x", 403),
        Input.of(81, "/mcpevil", 403),
        Input.of(81, "/mcp-x", 403),
        Input.of(82, "/mcp;x", 400, 403),
        Input.of(82, "/mcp;/../admin", 400, 403),
        Input.of(82, "/mcp/..;/admin", 200, 400, 403),
        Input.of(83, "/mcp#/x", 400),
        Input.of(83, "/x#/mcp", 400),
        Input.of(84, "/mcp?/../admin", 200),
        Input.of(84, "/mcp?x=//y", 200),
        Input.of(84, "/?/mcp", 403),
        Input.of(84, "/mcp%3f/x", 200, 400, 403),
        Input.of(85, "/mcp\\..\\admin", 400, 403),
        Input.of(85, "\\mcp", 400, 403),
        Input.of(85, "/mcp%5c..%5cadmin", 400),
        Input.of(88, "/mcp\0", 400),
        Input.of(88, "/mcp%00", 400),
        Input.of(88, "/mcp/%00", 400),
        Input.of(89, "/mcp/\u00c0\u00ae\u00c0\u00ae/admin", 200, 400, 403),
        Input.of(89, "/mcp%c0%ae", 400, 403),
        Input.of(89, "/mcp/%c0%ae%c0%ae/admin", 200, 400),
        Input.of(90, "/mcp/" + "a".repeat(64 << 10), 400, 414, 431),
        Input.of(91, "/mcp/.", 200, 400),
        Input.of(91, "/./mcp", 200, 400),
        Input.of(91, "/.", 403),
        Input.of(92, "/mcp/%zz", 200, 400),
        Input.of(92, "/mcp%", 400, 403),
        Input.of(92, "/%6d%63%70", 200, 400, 403),
        Input.of(92, "/", 403));
  }

  // TM-PINNED
  @ParameterizedTest
  @MethodSource
  void paths(Input path) {
    Http.Response answer = pod.agent().post("github.example", path.text(), alice, Agent.WHOAMI);

    judge(path, answer);
  }

  private static final List<String> PIECES =
      List.of(
          "/", "//", "mcp", "MCP", "mcpx", "x", "..", ".", ";", "%2f", "%2e", "%5c", "%25", "%00",
          "%20", "%7e", "\\", "?", "&", "=", "@", ":", "*", "+", "~", "'", "%6d", "%zz", ",",
          "admin");

  /**
   * T6: what Envoy forwards is what was allowed: the path that arrives is {@code /mcp} or below it
   * on segment boundaries however a lenient server reads it, and nothing else ever arrives.
   */
  @ParameterizedTest
  @MethodSource
  void forwardedPathIsOneThatTheRouteAllows(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 75; i++) {
      String path = path(random);
      pod.server("github").requests().clear();

      Http.Response answer = pod.agent().post("github.example", path, alice, "{}");

      List<SeenRequest> seen = pod.server("github").requests().all();
      assertThat(answer.status()).as(path).isNotIn(500, 502, 503);
      assertThat(seen.size()).as(path).isLessThanOrEqualTo(1);
      seen.forEach(request -> {
        assertThat(request.path()).as(path).matches("/mcp(/.*)?");
        assertThat(lenient(request.path())).as(path).matches("/mcp(/.*)?");
      });
      if (seen.isEmpty()) {
        assertThat(answer.status()).as(path).isIn(0, 400, 403);
      }
    }
    assertThat(pod.server("jira").requests().count()).isZero();
  }

  private static IntStream forwardedPathIsOneThatTheRouteAllows() {
    return IntStream.of(20261123, 20261124, 20261125, 20261126);
  }

  private static String path(Random random) {
    StringBuilder path = new StringBuilder(random.nextInt(8) == 0 ? "" : "/");
    path.append(random.nextBoolean() ? "mcp" : "");
    for (int i = random.nextInt(6); i >= 0; i--) {
      path.append(PIECES.get(random.nextInt(PIECES.size())));
    }
    return path.toString();
  }

  /** How a server may read a path that decodes once and resolves dots. */
  private static String lenient(String path) {
    String decoded =
        path.replaceAll("(?i)%2e", ".").replaceAll("(?i)%2f", "/").replaceAll("(?i)%5c", "/");
    Deque<String> segments = new ArrayDeque<>();
    for (String segment : decoded.replace('\\', '/').split("/")) {
      switch (segment) {
        case "", "." -> {}
        case ".." -> segments.pollLast();
        default -> segments.add(segment);
      }
    }
    return "/" + String.join("/", segments);
  }

  private static void judge(Input input, Http.Response answer) {
    assertThat(answer.status()).as(Agent.code(answer)).isIn(input.statuses());
    assertThat(pod.server("jira").requests().count()).isZero();
    // A server may answer 200 or dislike the path; what counts is what arrived there.
    if (answer.status() == 200) {
      assertThat(pod.server("github").requests().count()).isEqualTo(1);
      assertOwnToken();
    } else {
      assertNothingSeen();
    }
  }

  private static void assertNothingSeen() {
    pod.servers()
        .forEach((name, server) -> assertThat(server.requests().count()).as(name).isZero());
  }

  private static void assertOwnToken() {
    Set<String> audiences = new LinkedHashSet<>();
    pod.server("github")
        .requests()
        .all()
        .forEach(request -> {
          assertThat(request.header("host")).isEqualTo("github.example");
          audiences.addAll(Jwt.of(request.bearer()).audience());
        });
    assertThat(audiences).isSubsetOf("github-mcp");
  }
}
