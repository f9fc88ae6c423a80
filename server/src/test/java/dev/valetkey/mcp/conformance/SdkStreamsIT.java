package dev.valetkey.mcp.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.mcp.conformance.Streaming.Era;
import dev.valetkey.mcp.conformance.Streaming.Outcome;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.PythonPackages;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Streams of the official SDKs through Envoy and valetkey, in every revision that has them
 * (R-MCP-14, R-MCP-15): they pass as they come, outlive the token with which they were opened, and
 * end at the server when the agent goes. Each SDK makes all its attempts at once.
 */
@Timeout(120)
final class SdkStreamsIT {
  private static final Duration TOKEN_LIFE = Duration.ofSeconds(4);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Path PYTHON =
      Repository.root().resolve("server/src/test/resources/mcp/python");

  @TempDir private static Path folder;
  private static Suite suite;
  private static Issuer issuer;
  private static SdkServer server;
  private static Gateway gateway;
  private static final Map<Language, Map<Era, Outcome>> OUTCOMES = new EnumMap<>(Language.class);

  private enum Language {
    JAVA(Era.OLDEST, Era.STATEFUL),
    TYPESCRIPT(Era.values()),
    PYTHON(Era.values());

    private final List<Era> eras;

    Language(Era... eras) {
      this.eras = List.of(eras);
    }
  }

  private record Way(Language language, Era era) {
    String user() {
      return language + "-" + era;
    }

    Streaming attempt() {
      String url = "http://localhost:" + gateway.port() + era.path();
      String token = issuer.jwt(user()).expiresIn(Duration.ofHours(1)).signed();
      return new Streaming(user(), url, token, era, (int) TOKEN_LIFE.toSeconds() + 1);
    }

    @Override
    public String toString() {
      return user();
    }
  }

  private static Stream<Way> ways() {
    return Stream.of(Language.values())
        .flatMap(language -> language.eras.stream().map(era -> new Way(language, era)));
  }

  @BeforeAll
  static void start() {
    suite = Suite.find();
    issuer = Issuer.start();
    issuer.switches().tokenLife(TOKEN_LIFE);
    server = SdkServer.start(suite, folder, issuer, "tools-mcp");
    gateway =
        Gateway.start(
            folder,
            Map.of("secrets/agent", Issuer.AGENT_SECRET),
            """
            issuers:
              corp: {issuer: "%s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
            users:
              - {issuer: corp}
            servers:
              tools: {url: "http://localhost/mcp", allow_http: true, upstream: {address: "%s"}, grant: {audience: tools-mcp}, stream_min_lifetime: 0s}
            """
                .formatted(issuer.issuer(), server.guardedAddress()));
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
    }
    if (server != null) {
      server.close();
    }
    if (issuer != null) {
      issuer.close();
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void whatTheServerSendsArrivesAsItIsSent(Way way) {
    Outcome outcome = outcome(way);

    assertThat(outcome).isEqualTo(new Outcome(List.of(0, 50, 100), true, null));
  }

  // AU-STREAM
  @ParameterizedTest
  @MethodSource("ways")
  void theStreamOutlivesTheTokenItWasOpenedWith(Way way) {
    outcome(way);

    List<SdkServer.Request> seen = seen(way);

    assertThat(seen).extracting(SdkServer.Request::refused).containsOnlyNulls();
    assertThat(seen.stream().map(SdkServer.Request::token).distinct().count())
        .as("tokens that the user's calls carried")
        .isGreaterThan(1);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void theStreamEndsAtTheServerWhenTheAgentGoes(Way way) {
    outcome(way);

    Poll.until(
        Duration.ofSeconds(10),
        "the server to see the stream end",
        () ->
            seen(way).stream()
                .anyMatch(
                    request -> request.ended() && request.method().equals(way.era().opener())));
  }

  private static List<SdkServer.Request> seen(Way way) {
    return server.requests().stream()
        .filter(request -> way.user().equals(request.subject()))
        .toList();
  }

  private static Outcome outcome(Way way) {
    Map<Era, Outcome> known = OUTCOMES.get(way.language());
    if (known == null) {
      known = run(way.language());
      OUTCOMES.put(way.language(), known);
    }
    return known.get(way.era());
  }

  private static Map<Era, Outcome> run(Language language) {
    List<Streaming> attempts =
        language.eras.stream().map(era -> new Way(language, era).attempt()).toList();
    try {
      return switch (language) {
        case JAVA -> java(attempts);
        case TYPESCRIPT ->
            script(attempts, suite.environment(), suite.script("streams.mjs", "attempts.json"));
        case PYTHON -> {
          Path packages = PythonPackages.folder(PYTHON.resolve("requirements.lock"));
          Map<String, String> environment =
              Map.of("PYTHONPATH", packages.toString(), "PYTHONDONTWRITEBYTECODE", "1");
          String script = PYTHON.resolve("streams.py").toString();
          yield script(attempts, environment, List.of("python3", script, "attempts.json"));
        }
      };
    } catch (IllegalStateException cannotRun) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannotRun;
      }
      return abort(language + " cannot run here: " + cannotRun.getMessage());
    }
  }

  private static Map<Era, Outcome> java(List<Streaming> attempts) {
    Map<Era, Future<Outcome>> running = new EnumMap<>(Era.class);
    try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread::new)) {
      attempts.forEach(
          attempt -> running.put(attempt.era(), threads.submit(() -> JavaStreams.run(attempt))));
    }
    Map<Era, Outcome> outcomes = new EnumMap<>(Era.class);
    running.forEach((era, outcome) -> outcomes.put(era, outcome.resultNow()));
    return outcomes;
  }

  /** The script runs where its attempts lie. */
  private static Map<Era, Outcome> script(
      List<Streaming> attempts, Map<String, String> environment, List<String> command) {
    StringBuilder lines = new StringBuilder();
    attempts.forEach(attempt -> lines.append(Json.text(attempt.members())).append('\n'));
    Map<String, Outcome> outcomes = new HashMap<>();
    try {
      Files.writeString(folder.resolve("attempts.json"), lines);
    } catch (IOException cannotWrite) {
      throw new AssertionError(cannotWrite);
    }
    try (Child agents = Child.start("agents", folder, environment, command)) {
      assertThat(agents.awaitExit(PATIENCE)).as(agents.err()).isZero();
      agents
          .out()
          .lines()
          .map(Json::object)
          .forEach(line -> outcomes.put(String.valueOf(line.get("name")), Outcome.of(line)));
    }
    Map<Era, Outcome> byEra = new EnumMap<>(Era.class);
    attempts.forEach(attempt -> byEra.put(attempt.era(), outcomes.get(attempt.name())));
    return byEra;
  }
}
