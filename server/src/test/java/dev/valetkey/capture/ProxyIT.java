package dev.valetkey.capture;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.ProxyBootstrap;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.SeenRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The layout {@code proxy}: nothing is captured, the agent's clients are told of a proxy. */
@Namespaces.Needed
@Timeout(120)
final class ProxyIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String OTHER_HOST = "other.example";
  private static final String PROXY = "http://127.0.0.1:15001";

  @TempDir private static Path folder;
  private static CapturedPod pod;
  private static Recorder other;
  private static String alice;

  @BeforeAll
  static void start() {
    pod =
        CapturedPod.start(
            ProxyBootstrap::print, "", "intercept: {trust_dir: FOLDER/trust, leaf_lifetime: 1h}\n");
    pod.network().flush();
    pod.network().name(OTHER_HOST, pod.network().stranger());
    other = Recorder.start(pod.network().stranger(), 443, pod.ca().issue("dns:" + OTHER_HOST));
    alice = pod.issuer().userToken("alice");
  }

  @AfterAll
  static void stop() {
    if (other != null) {
      other.close();
    }
    if (pod != null) {
      pod.close();
    }
  }

  // AB10
  @ParameterizedTest
  @EnumSource(names = {"CURL", "REQUESTS", "HTTPX", "HTTPX2", "URLLIB", "GO"})
  void tlsToAServerIsOpened(TlsClient client) throws IOException {
    pod.server().requests().clear();
    Map<String, String> environment = pod.trustVariables();
    environment.put("HTTPS_PROXY", PROXY);
    String url = "https://" + CapturedPod.HOST + "/mcp";

    try (Child call = client.call(pod.network(), folder, environment, url, alice)) {
      assertThat(call.awaitExit(PATIENCE)).as(call.err()).isZero();
      assertThat(call.out()).contains("\\\"sub\\\":\\\"alice\\\"");
    }
    assertOneScopedToken(pod.server());
  }

  @ParameterizedTest
  @EnumSource(names = {"CURL", "REQUESTS", "HTTPX", "HTTPX2", "URLLIB"})
  void httpToAServerIsChecked(TlsClient client) {
    pod.serverInClear().requests().clear();
    Map<String, String> environment = Map.of("http_proxy", PROXY, "HTTP_PROXY", PROXY);
    String url = "http://clear.example:8080/mcp";

    try (Child call = client.call(pod.network(), folder, environment, url, alice)) {
      assertThat(call.awaitExit(PATIENCE)).as(call.err()).isZero();
    }
    assertOneScopedToken(pod.serverInClear());
  }

  @Test
  void otherTlsIsATunnel() {
    int before = other.connections();

    String answer =
        curl(
            "--cacert",
            pod.ca().pem().toString(),
            "--header",
            "Authorization: Bearer sk-llm",
            "https://" + OTHER_HOST + "/v1");

    assertThat(answer).isEqualTo("recorded 200");
    assertThat(other.connections()).isEqualTo(before + 1);
    assertThat(other.requests().last().bearer()).isEqualTo("sk-llm");
  }

  // TM-PINNED
  @Test
  void tunnelsGoToPort443Only() {
    int before = pod.strangerTls().connections();

    assertThat(curl("https://" + OTHER_HOST + ":" + pod.strangerTls().port() + "/"))
        .contains("CONNECT tunnel failed, response 404");

    assertThat(pod.strangerTls().connections()).isEqualTo(before);
  }

  /** Whatever port is asked for, it is opened here and goes to where the server is pinned. */
  // TM-PINNED
  @Test
  void serverIsNoTunnelAtAnotherPort() {
    int before = pod.strangerTls().connections();

    String answer =
        curl(
            "--cacert",
            pod.trustFolder().resolve("pod-ca.pem").toString(),
            "https://" + CapturedPod.HOST + ":" + pod.strangerTls().port() + "/mcp");

    assertThat(answer).contains("no_user_token").endsWith(" 401");
    assertThat(pod.strangerTls().connections()).isEqualTo(before);
  }

  /** What it printed, and the status, or why there is none. */
  private static String curl(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "curl",
                "--silent",
                "--show-error",
                "--proxy",
                PROXY,
                "--write-out",
                " %{http_code}"));
    command.addAll(List.of(arguments));
    try (Child call = Child.start("curl", folder, Map.of(), pod.network().asRoot(command))) {
      call.awaitExit(PATIENCE);
      return (call.out() + call.err()).strip();
    }
  }

  private static void assertOneScopedToken(McpServer server) {
    List<SeenRequest> seen = server.requests().all();
    assertThat(seen).hasSize(1);
    assertThat(requireNonNull(seen.getFirst().bearer()))
        .isNotEqualTo(alice)
        .isIn(pod.issuer().issuedTokens());
  }
}
