package dev.valetkey.capture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.PodAgent;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TLS of the agent to the servers, opened in the pod: what its clients trust, what Envoy shows, and
 * what goes on while certificates are renewed, which here is every five seconds.
 */
@Namespaces.Needed
@Timeout(120)
final class TrustIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String OTHER_HOST = "api.example.com";
  private static final String URL = "https://" + CapturedPod.HOST + "/mcp";

  @TempDir private static Path folder;
  private static CapturedPod pod;
  private static PodAgent agent;
  private static String alice;

  @BeforeAll
  static void start() {
    pod =
        CapturedPod.start(
            CaptureBootstrap::intercept,
            "",
            """
              api:
                url: https://api.example.com/mcp
                upstream: {address: "OUTSIDE:PORT", tls: {ca_file: FOLDER/ca/ca.pem, server_name: mcp.example.com}}
                grant: {audience: mcp, scope: read}
            intercept: {trust_dir: FOLDER/trust, leaf_lifetime: 10s}
            """);
    agent = pod.agent();
    alice = pod.issuer().userToken("alice");
  }

  @AfterAll
  static void stop() {
    if (pod != null) {
      pod.close();
    }
  }

  // The clients.

  // AB10
  @ParameterizedTest
  @EnumSource(TlsClient.class)
  void clientReachesTheServerWithTheFiveVariables(TlsClient client) throws IOException {
    Map<String, String> environment = pod.trustVariables();
    assertThat(environment)
        .containsOnlyKeys(
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "NODE_EXTRA_CA_CERTS",
            "JAVA_TOOL_OPTIONS");
    pod.server().requests().clear();

    try (Child call = call(client, environment)) {
      assertThat(call.awaitExit(PATIENCE)).as(call.err()).isZero();
      assertThat(call.out())
          .contains("\\\"sub\\\":\\\"alice\\\"")
          .contains("\\\"aud\\\":\\\"mcp\\\"");
    }
    assertOneScopedToken();
  }

  // TM-CA
  @ParameterizedTest
  @EnumSource(TlsClient.class)
  void clientRefusesTheHandshakeWithoutThem(TlsClient client) {
    pod.server().requests().clear();

    try (Child call = call(client, Map.of())) {
      assertThat(call.awaitExit(PATIENCE)).isNotZero();
      assertThat(call.err()).containsPattern(client.distrust());
    }
    assertThat(pod.server().requests().all()).isEmpty();
  }

  // What Envoy shows.

  @ParameterizedTest
  @ValueSource(strings = {CapturedPod.HOST, OTHER_HOST})
  void everyHostHasACertificateOfItsOwn(String host) throws Exception {
    X509Certificate shown = shown(host);

    assertThat(shown.getSubjectAlternativeNames()).containsExactly(List.of(2, host));
    assertThat(shown.getIssuerX500Principal().getName())
        .startsWith("CN=intermediate,O=valetkey pod ");
  }

  @Test
  void streamGoesOnWhileCertificatesAreRenewed() throws IOException {
    List<String> command =
        List.of(
            "curl",
            "--silent",
            "--no-buffer",
            "--http2",
            "--verbose",
            "--cacert",
            pod.trustFolder().resolve("pod-ca.pem").toString(),
            "--header",
            "Authorization: Bearer " + alice,
            "--header",
            "Accept: text/event-stream",
            URL);
    try (Child stream = Child.start("stream", folder, Map.of(), pod.network().asRoot(command))) {
      stream.awaitErr("< HTTP/2 200", PATIENCE);
      BigInteger before = shown(CapturedPod.HOST).getSerialNumber();
      pod.server().push("notifications/before");
      stream.awaitOut("notifications/before", PATIENCE);

      Poll.until(PATIENCE, "another certificate", () -> !serial().equals(before));

      pod.server().push("notifications/after");
      stream.awaitOut("notifications/after", PATIENCE);
      assertThat(stream.isAlive()).isTrue();
    }
    assertThat(pod.envoy().stat("listener_manager.listener_modified")).isZero();
  }

  // TM-CA
  @Test
  void otherTlsIsNotOpened() throws Exception {
    int before = pod.strangerTls().connections();

    try (Socket line =
            agent.dial(pod.network().stranger().getHostAddress(), pod.strangerTls().port());
        SSLSocket tls = handshake(line, "other.example", pod.ca().clientContext())) {
      X509Certificate shown = (X509Certificate) tls.getSession().getPeerCertificates()[0];

      assertThat(shown.getIssuerX500Principal().getName()).isEqualTo("CN=valetkey test CA");
    }
    assertThat(pod.strangerTls().connections()).isEqualTo(before + 1);
  }

  /** It must not go on to where it was dialled: that would be in the clear. */
  // TM-PINNED
  @Test
  void openedCallForAnotherHostGoesNowhere() throws IOException {
    assertThat(status(CapturedPod.HOST, "nowhere.example")).isEqualTo(404);
  }

  /** The server is chosen by what the Check is about, and pinned. */
  // TM-PINNED, AB10
  @Test
  void openedCallGoesToItsHostWhateverNameTheHandshakeSaid() throws IOException {
    pod.server().requests().clear();

    assertThat(status(CapturedPod.HOST, OTHER_HOST)).isEqualTo(200);

    assertOneScopedToken();
  }

  // The sidecar.

  @Test
  void serverThatIsAddedIsOpenedAfterARestartOnly() throws IOException {
    String file = Files.readString(pod.file());
    Files.writeString(
        pod.file(),
        file.replace(
            "intercept:", "  late: {url: 'https://late.example.com/mcp', grant: none}\nintercept:"),
        StandardOpenOption.TRUNCATE_EXISTING);

    pod.sidecar().awaitErr("TLS to hosts that are new", PATIENCE);
    pod.sidecar().awaitErr("configuration loaded", PATIENCE);

    assertThat(pod.sidecar().err()).contains("\"hosts\":\"late.example.com\"");
    assertThat(status(CapturedPod.HOST, CapturedPod.HOST)).isEqualTo(200);
  }

  // TM-SECRETS
  @Test
  void keysAreSaidNowhere() {
    pod.sidecar().awaitErr("Envoy took certificates", PATIENCE);

    String said =
        pod.sidecar().out()
            + pod.sidecar().err()
            + pod.envoy().log()
            + pod.envoy().admin("/config_dump?include_eds").text()
            + pod.envoy().admin("/certs").text();

    assertThat(said).contains(CapturedPod.HOST).doesNotContain("PRIVATE KEY");
  }

  private static Child call(TlsClient client, Map<String, String> environment) {
    return client.call(pod.network(), folder, environment, URL, alice);
  }

  private static void assertOneScopedToken() {
    List<SeenRequest> seen = pod.server().requests().all();
    assertThat(seen).hasSize(1);
    assertThat(seen.getFirst().headers())
        .filteredOn(header -> header.name().equalsIgnoreCase("authorization"))
        .hasSize(1);
    assertThat(requireNonNull(seen.getFirst().bearer()))
        .isNotEqualTo(alice)
        .isIn(pod.issuer().issuedTokens());
  }

  private static BigInteger serial() {
    try {
      return shown(CapturedPod.HOST).getSerialNumber();
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private static X509Certificate shown(String host) throws IOException {
    try (SSLSocket tls = open(host)) {
      return (X509Certificate) tls.getSession().getPeerCertificates()[0];
    }
  }

  /** The status of a call in TLS for one name that is for another. */
  private static int status(String name, String host) throws IOException {
    String body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    try (SSLSocket tls = open(name)) {
      String request =
          "POST /mcp HTTP/1.1\r\nHost: "
              + host
              + "\r\nAuthorization: Bearer "
              + alice
              + "\r\nContent-Type: application/json\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body;
      return Http.exchange(tls, request.getBytes(UTF_8)).status();
    }
  }

  /** A handshake of the agent, which dials whoever it likes. */
  private static SSLSocket open(String host) throws IOException {
    Socket line = agent.dial(pod.network().stranger().getHostAddress(), 443);
    return handshake(line, host, TestCa.trusting(pod.trustFolder().resolve("pod-ca.pem")));
  }

  private static SSLSocket handshake(Socket line, String host, SSLContext trust)
      throws IOException {
    SSLSocket tls = (SSLSocket) trust.getSocketFactory().createSocket(line, host, 443, true);
    tls.startHandshake();
    return tls;
  }
}
