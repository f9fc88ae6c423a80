package dev.valetkey.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.call.Reason;
import dev.valetkey.mcp.Attempt.Outcome;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.SeenRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Agents with the official SDKs, through Envoy and valetkey: what works unchanged, and what their
 * users read of a refusal. Each SDK makes all its attempts once, in one process.
 */
@Timeout(180)
final class McpClientsIT {
  @TempDir private static Path folder;
  private static Issuer issuer;
  private static McpServer github;
  private static Gateway gateway;
  private static final Map<Sdk, Map<String, Outcome>> OUTCOMES = new EnumMap<>(Sdk.class);
  private static final Set<Sdk> STREAMED = EnumSet.noneOf(Sdk.class);

  /** What an agent tries, and why it is refused; null: it is not. */
  private enum Call {
    GOOD("github", "alice", null),
    NOBODY("github", "", Reason.NO_USER_TOKEN),
    EXPIRED("github", "expired", Reason.USER_TOKEN_EXPIRED),
    UNLISTED("nowhere", "alice", Reason.UNLISTED_HOST),
    REFUSED("closed", "alice", Reason.SERVER_REFUSED),
    DOWN("down", "alice", Reason.ISSUER_UNAVAILABLE);

    private final String server;
    private final String user;
    private final @Nullable Reason reason;

    Call(String server, String user, @Nullable Reason reason) {
      this.server = server;
      this.user = user;
      this.reason = reason;
    }
  }

  /** One way of making a call; mode and auth as in {@link Attempt}. */
  private record Way(Sdk sdk, String mode, String auth, Call call) {
    Attempt attempt(Map<String, String> tokens) {
      String url = "http://" + call.server + ".example:" + gateway.port() + "/mcp";
      return new Attempt(toString(), url, tokens.get(call.user), mode, null, auth);
    }

    @Override
    public String toString() {
      return sdk + " " + mode + " " + auth + " " + call;
    }
  }

  private static Stream<Way> ways() {
    List<Way> ways = new ArrayList<>();
    for (Sdk sdk : Sdk.values()) {
      for (String mode : sdk == Sdk.JAVA ? List.of("legacy") : List.of("legacy", "auto")) {
        boolean asksForTokens = sdk == Sdk.TYPESCRIPT;
        for (String auth :
            asksForTokens ? List.of("header", "token", "oauth") : List.of("header")) {
          Stream.of(Call.values()).map(call -> new Way(sdk, mode, auth, call)).forEach(ways::add);
        }
      }
    }
    return ways.stream();
  }

  private static Stream<Way> goodWays() {
    return ways().filter(way -> way.call() == Call.GOOD);
  }

  private static Stream<Way> refusedWays() {
    return ways().filter(way -> way.call() != Call.GOOD);
  }

  @BeforeAll
  static void start() {
    issuer = Issuer.start();
    github =
        McpServer.start(
            McpServer.Options.open("github")
                .withAudience("github-mcp")
                .withGenuine(issuer::hasSigned));
    String gone = "http://127.0.0.1:" + Ports.free();
    gateway =
        Gateway.start(
            folder,
            Map.of("secrets/agent", Issuer.AGENT_SECRET),
            """
            issuers:
              corp: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
              gone: {issuer: "%2$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent, token_endpoint: "%2$s/token", jwks_uri: "%2$s/jwks"}
            users:
              - {issuer: corp}
            servers:
              github: {url: "http://github.example/mcp", allow_http: true, upstream: {address: "127.0.0.1:%3$d"}, grant: {issuer: corp, audience: github-mcp, scope: read}}
              down: {url: "http://down.example/mcp", allow_http: true, upstream: {address: "127.0.0.1:%3$d"}, grant: {issuer: gone, audience: github-mcp}}
              closed: {url: "http://closed.example/mcp", allow_http: true, upstream: {address: "127.0.0.1:%3$d"}, grant: refuse}
            """
                .formatted(issuer.issuer(), gone, github.port()));
    issuer.requests().clear();
  }

  @AfterAll
  static void nothingLeaked() {
    if (gateway == null) {
      return;
    }
    try (Issuer idp = issuer;
        McpServer server = github;
        Gateway both = gateway) {
      Leaks leaks = new Leaks().secrets("user token", idp.userTokens());
      leaks.secret("client secret", Issuer.AGENT_SECRET);
      leaks.assertNoneIn("the server's requests", server.requests().wireText());
      leaks.secrets("issued token", idp.issuedTokens());
      leaks.assertNoneIn("what valetkey and Envoy wrote", both.writings());
    }
  }

  // R-MCP-15
  @ParameterizedTest
  @MethodSource("goodWays")
  void serverIsUsedAsIfNobodyStoodBetween(Way way) {
    Outcome outcome = outcome(way);

    assertThat(outcome.error()).isNull();
    assertThat(outcome.tools()).containsExactly("whoami", "echo");
    assertThat(outcome.whoami()).containsEntry("sub", "alice").containsEntry("aud", "github-mcp");
    if (way.mode().equals("legacy")) {
      assertThat(outcome.pushed()).as("a notification on the GET stream").isTrue();
    }
    assertThat(outcome.did()).isEmpty();
  }

  // R-MCP-14
  @ParameterizedTest
  @EnumSource(Sdk.class)
  void answersAsEventStreamsPass(Sdk sdk) {
    Outcome outcome = outcomes(sdk).get("stream");

    assertThat(outcome.error()).isNull();
    assertThat(outcome.tools()).containsExactly("whoami", "echo");
    assertThat(outcome.whoami()).containsEntry("sub", "alice");
    assertThat(STREAMED).contains(sdk);
  }

  // R-MCP-16
  @ParameterizedTest
  @MethodSource("refusedWays")
  void userReadsWhy(Way way) {
    Reason reason = way.call().reason;

    String shown = String.valueOf(outcome(way).error());

    String blind = shownInstead(way, reason);
    if (blind == null) {
      assertThat(shown).contains(reason.message()).contains("(valetkey: " + reason.code() + ")");
    } else {
      assertThat(shown).contains(blind).doesNotContain(reason.message());
    }
  }

  /** Only the agent's own OAuth provider may start it, and then it gets nowhere. */
  // R-MCP-16
  @ParameterizedTest
  @EnumSource(Sdk.class)
  void noSdkSignsInByItself(Sdk sdk) {
    Map<String, Outcome> outcomes = outcomes(sdk);

    assertThat(outcomes)
        .allSatisfy((way, outcome) -> {
          if (!way.contains(" oauth ")) {
            assertThat(outcome.did()).as(way).isEmpty();
          }
        });
    assertThat(github.requests().all()).extracting(SeenRequest::path).containsOnly("/mcp");
    assertThat(issuer.requests().all())
        .extracting(SeenRequest::path)
        .noneMatch(path -> path.contains("well-known") || path.contains("authorize"));
  }

  /**
   * Where an SDK throws our answer away: the text that it shows in its place; null: it shows ours.
   * Java drops the body of 401 and 403. TypeScript drops the body of 401 when it was told to ask
   * for tokens.
   */
  private static @Nullable String shownInstead(Way way, Reason reason) {
    return switch (way.sdk()) {
      case JAVA -> reason.status() == 503 ? null : "Authorization error when sending message";
      case TYPESCRIPT ->
          reason.status() == 401 && !way.auth().equals("header")
              ? "UnauthorizedError: Unauthorized"
              : null;
      case PYTHON -> null;
    };
  }

  private static Outcome outcome(Way way) {
    return outcomes(way.sdk()).get(way.toString());
  }

  private static Map<String, Outcome> outcomes(Sdk sdk) {
    Map<String, Outcome> known = OUTCOMES.get(sdk);
    if (known == null) {
      known = run(sdk);
      OUTCOMES.put(sdk, known);
    }
    return known;
  }

  /** Makes all attempts, while the server notifies whoever listens. */
  private static Map<String, Outcome> run(Sdk sdk) {
    String alice = issuer.userToken("alice");
    String expired =
        issuer.jwt("alice").issuedIn(Duration.ofHours(-2)).expiresIn(Duration.ofHours(-1)).signed();
    Map<String, String> tokens = Map.of("alice", alice, "expired", expired);
    List<Attempt> attempts =
        new ArrayList<>(
            ways().filter(way -> way.sdk() == sdk).map(way -> way.attempt(tokens)).toList());
    String url = attempts.getFirst().url();
    attempts.add(new Attempt("stream", url, alice, "legacy", "text/event-stream", "header"));
    try (ScheduledExecutorService pusher = Executors.newSingleThreadScheduledExecutor()) {
      pusher.scheduleWithFixedDelay(
          () -> github.push("notifications/tools/list_changed"), 0, 50, TimeUnit.MILLISECONDS);
      long before = github.requests().where(McpClientsIT::isStreamed).size();
      try {
        return sdk.run(Files.createDirectory(folder.resolve(sdk.name())), gateway.port(), attempts);
      } finally {
        if (github.requests().where(McpClientsIT::isStreamed).size() > before) {
          STREAMED.add(sdk);
        }
        pusher.shutdownNow();
      }
    } catch (IOException noFolder) {
      throw new AssertionError(noFolder);
    } catch (IllegalStateException cannotRun) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannotRun;
      }
      return abort(sdk + " cannot run here: " + cannotRun.getMessage());
    }
  }

  /** The server streams its answer to those who name event streams first. */
  private static boolean isStreamed(SeenRequest request) {
    return request.method().equals("POST")
        && String.valueOf(request.header("accept")).startsWith("text/event-stream");
  }
}
