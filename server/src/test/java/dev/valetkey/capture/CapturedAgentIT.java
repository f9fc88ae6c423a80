package dev.valetkey.capture;

import static java.net.URLEncoder.encode;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.NodePackages;
import dev.valetkey.testkit.Repository;
import dev.valetkey.testkit.SeenRequest;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An agent that nothing was told: no address of Envoy, no proxy, no certificate. It is a Node
 * program under OpenTelemetry in a pod whose connections are captured; both names that it calls
 * lead to a stranger. What other agents do is in {@code dev.valetkey.agents}.
 */
@Namespaces.Needed
@Timeout(120)
final class CapturedAgentIT {
  private static final Path AGENT = Repository.root().resolve("server/src/test/resources/agents");

  private static CapturedPod pod;

  @BeforeAll
  static void start() {
    Path modules = modules();
    pod = CapturedPod.start(CaptureBootstrap::capture, "", "{user_token: handle}", "");
    pod.network().name("clear.example", pod.network().stranger());
    pod.network().name("other.example", pod.network().stranger());
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
    Child agent =
        pod.serveUsers(
            List.of(modules, AGENT.resolve("node/agent.cjs")),
            Map.of(
                "NODE_PATH",
                "node_modules",
                "OTEL_TRACES_EXPORTER",
                "none",
                "OTEL_METRICS_EXPORTER",
                "none",
                "OTEL_LOGS_EXPORTER",
                "none",
                "OTEL_NODE_RESOURCE_DETECTORS",
                "none"),
            List.of(
                "node_modules/node-linux-" + machine + "/bin/node",
                "--require",
                "@opentelemetry/auto-instrumentations-node/register",
                "agent.cjs",
                "8080"));
    agent.await(Duration.ofSeconds(60), "health", CapturedAgentIT::isWell);
  }

  @AfterAll
  static void stop() {
    if (pod != null) {
      pod.close();
    }
  }

  @BeforeEach
  void forget() {
    pod.serverInClear().requests().clear();
    pod.stranger().requests().clear();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fetch", "axios", "setTimeout", "mcp", "forward"})
  void serverSeesTheTokenOfTheUserWhoAsks(String way) {
    for (String user : List.of("alice", "ben")) {
      Http.Response answer = ask(user, way, "http://clear.example:8080/mcp");

      assertThat(answer.text().replace("\\", "")).contains("\"sub\":\"" + user + "\"");
      SeenRequest seen = pod.serverInClear().requests().last();
      assertThat(Jwt.of(String.valueOf(seen.bearer())).claim("sub")).isEqualTo(user);
      assertThat(seen.headers("baggage")).containsExactly("tenant=acme");
    }
    assertThat(pod.stranger().requests().count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fetch", "axios", "forward"})
  void handleDoesNotLeaveForAHostThatIsNoServer(String way) {
    ask("alice", way, "http://other.example:" + pod.stranger().port() + "/any");

    SeenRequest seen = pod.stranger().requests().last();
    assertThat(seen.headers("baggage")).containsExactly("tenant=acme");
    assertThat(seen.headers("authorization")).isEmpty();
    assertThat(seen.wireText()).doesNotContain("vkh-");
  }

  private static Http.Response ask(String user, String way, String server) {
    String target = "/ask/" + way + "?question=who&server=" + encode(server, UTF_8);
    String token = pod.issuer().userToken(user);
    return request("POST", target, "Authorization", "Bearer " + token, "Baggage", "tenant=acme");
  }

  private static Http.Response request(String method, String target, String... headers) {
    URI uri = URI.create("http://" + pod.network().pod() + ":8080" + target);
    return Http.request(method, uri, null, new byte[0], headers);
  }

  private static boolean isWell() {
    try {
      return request("GET", "/healthz").status() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  private static Path modules() {
    try {
      return NodePackages.modules(AGENT.resolve("node"));
    } catch (IllegalStateException cannotRun) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannotRun;
      }
      return abort("Node cannot run here: " + cannotRun.getMessage());
    }
  }
}
