package dev.valetkey.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.PodAgent;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The layout {@code capture} with the printed ruleset: whatever the agent dials, Envoy gets it, and
 * a server's token goes to that server alone.
 */
@Namespaces.Needed
@Timeout(120)
final class CaptureIT {
  private static final String WHOAMI =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"}}";

  private static CapturedPod pod;
  private static PodAgent agent;
  private static String alice;

  @BeforeAll
  static void start() {
    pod = CapturedPod.start(CaptureBootstrap::capture, "");
    agent = pod.agent();
    alice = pod.issuer().userToken("alice");
  }

  @AfterAll
  static void stop() {
    if (pod != null) {
      pod.close();
    }
  }

  @BeforeEach
  void forget() {
    pod.server().requests().clear();
    pod.stranger().requests().clear();
    pod.strangerV6().requests().clear();
    pod.strangerTls().requests().clear();
  }

  // AB10
  @Test
  void listedHostGetsATokenOfItsOwnOverIpv4AndIpv6() {
    for (InetAddress dialled : List.of(pod.network().outside(), pod.network().outsideV6())) {
      pod.server().requests().clear();

      // Nobody listens on port 80 there: only the configuration knows where the server is.
      Http.Response answer = post(dialled, 80, CapturedPod.HOST, "/mcp", alice);

      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      SeenRequest seen = pod.server().requests().last();
      assertThat(seen.headers("authorization")).hasSize(1);
      Jwt token = Jwt.of(String.valueOf(seen.bearer()));
      assertThat(token.audience()).containsExactly("mcp");
      assertThat(token.claims()).containsEntry("sub", "alice");
      assertThat(seen.header("host")).isEqualTo(CapturedPod.HOST);
      new Leaks().secret("user token", alice).assertNoneIn("server", seen.wireText());
    }
  }

  // TM-PINNED
  @Test
  void hostOfTheServerAtAStrangersAddressReachesTheServerAlone() {
    int connections = pod.stranger().connections();

    Http.Response answer =
        post(pod.network().stranger(), pod.stranger().port(), CapturedPod.HOST, "/mcp", alice);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(pod.server().requests().count()).isEqualTo(1);
    assertThat(pod.stranger().connections()).isEqualTo(connections);
  }

  // TM-PINNED
  @Test
  void absoluteFormNamesTheHost() {
    int connections = pod.stranger().connections();

    Http.Response answer =
        post(
            pod.network().stranger(),
            pod.stranger().port(),
            "elsewhere.example",
            "http://" + CapturedPod.HOST + "/mcp",
            alice);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(pod.server().requests().count()).isEqualTo(1);
    assertThat(pod.stranger().connections()).isEqualTo(connections);
  }

  // TM-PINNED
  @Test
  void hostOfAStrangerAtTheServersAddressGetsNoToken() {
    Http.Response answer =
        post(
            pod.network().outside(),
            pod.serverInClear().port(),
            "elsewhere.example",
            "/mcp",
            alice);

    SeenRequest seen = pod.serverInClear().requests().last();
    assertThat(answer.status()).isEqualTo(401);
    assertThat(seen.headers("authorization")).isEmpty();
    assertThat(seen.header("host")).isEqualTo("elsewhere.example");
  }

  // TM-PINNED
  @Test
  void connectIsNoWayOut() {
    int connections = pod.strangerTls().connections();

    Http.Response answer =
        agent.send(
            pod.network().stranger().getHostAddress(),
            pod.strangerTls().port(),
            "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n"
                .formatted(CapturedPod.HOST, CapturedPod.HOST));

    assertThat(answer.status()).isIn(400, 403, 404);
    assertThat(pod.strangerTls().connections()).isEqualTo(connections);
    assertThat(pod.server().requests().count()).isZero();
  }

  /** The agent is told, Envoy follows nothing; what the agent then calls is another host. */
  // TM-PINNED
  @Test
  void redirectTakesNoTokenAlong() {
    String target = "http://" + address(pod.network().stranger(), pod.stranger().port()) + "/";
    pod.server()
        .refuseNext(1, dev.valetkey.testkit.Reply.text(307, "elsewhere").and("Location", target));

    String seen =
        pod.run(
            "curl",
            "-sSL",
            "--location-trusted",
            "--resolve",
            CapturedPod.HOST + ":80:" + pod.network().outside().getHostAddress(),
            "-H",
            "Authorization: Bearer " + alice,
            "-H",
            "Content-Type: application/json",
            "-d",
            WHOAMI,
            "http://" + CapturedPod.HOST + "/mcp");

    assertThat(seen.strip()).isEqualTo("recorded");
    assertThat(pod.stranger().requests().last().headers("authorization")).isEmpty();
  }

  // TM-LEAK
  @Test
  void userTokenStaysHereAndOtherCredentialsPass() {
    for (boolean v6 : new boolean[] {false, true}) {
      InetAddress dialled = v6 ? pod.network().strangerV6() : pod.network().stranger();
      var recorder = v6 ? pod.strangerV6() : pod.stranger();

      Http.Response withUser = post(dialled, recorder.port(), "llm.example:81", "/v1", alice);
      SeenRequest first = recorder.requests().last();
      Http.Response withKey =
          post(dialled, recorder.port(), "llm.example:81", "/v1/a%2Fb", "sk-llm-CANARY");
      SeenRequest second = recorder.requests().last();

      assertThat(List.of(withUser.status(), withKey.status())).containsOnly(200);
      assertThat(first.headers("authorization")).isEmpty();
      new Leaks().secret("user token", alice).assertNoneIn("stranger", first.wireText());
      assertThat(second.headers("authorization")).containsExactly("Bearer sk-llm-CANARY");
      assertThat(second.header("host")).isEqualTo("llm.example:81");
      assertThat(second.target()).isEqualTo("/v1/a%2Fb");
    }
  }

  // TM-HEADERS
  @Test
  void headersOfOursAndOfEnvoysReachNobody() {
    String forged =
        "X-Valetkey-User-Token: CANARY-forged\r\nX-Valetkey-Direction: retry\r\n"
            + "X-Envoy-Original-Dst-Host: 127.0.0.1:1\r\nX-Envoy-Upstream-Rq-Timeout-Ms: 1\r\n";
    post(pod.network().outside(), 80, CapturedPod.HOST, "/mcp", alice, forged);
    post(pod.network().stranger(), pod.stranger().port(), "a.example", "/", "x", forged);

    assertThat(pod.server().requests().count()).isEqualTo(1);
    assertThat(pod.stranger().requests().count()).isEqualTo(1);
    assertThat(
            (pod.server().requests().wireText() + pod.stranger().requests().wireText())
                .toLowerCase(Locale.ROOT))
        .doesNotContain("x-valetkey", "x-envoy", "canary-forged", "x-forwarded");
  }

  @Test
  void serverThatSpeaksFirstIsHeardAtOnce() throws IOException {
    try (ServerSocket mail =
        new ServerSocket(CapturedPod.SERVER_FIRST_PORT, 1, pod.network().stranger())) {
      Thread greeting = Thread.ofVirtual().start(() -> greet(mail));
      long start = System.nanoTime();

      try (Socket line = agent.dial(host(pod.network().stranger()), mail.getLocalPort())) {
        byte[] greeted = line.getInputStream().readNBytes(4);

        assertThat(new String(greeted, StandardCharsets.US_ASCII)).isEqualTo("220 ");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      } finally {
        greeting.interrupt();
      }
    }
  }

  @Test
  void otherTlsPassesUnseen() throws IOException {
    try (SSLSocket tls = tls("other.example")) {
      tls.startHandshake();

      Http.Response answer =
          Http.exchange(
              tls,
              "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      assertThat(answer.text()).isEqualTo("recorded");
      assertThat(tls.getSession().getPeerHost()).isEqualTo("other.example");
    }
  }

  // TM-LEAK, AB10
  @Test
  void tlsToTheServerIsRefusedHoweverSlowlyItBegins() throws IOException {
    for (long pause : new long[] {0, 700}) {
      for (String name : List.of(CapturedPod.HOST, CapturedPod.HOST.toUpperCase(Locale.ROOT))) {
        int connections = pod.strangerTls().connections();
        try (SSLSocket tls = tls(name)) {
          pause(pause);

          assertThatThrownBy(tls::startHandshake).isInstanceOf(IOException.class);
          assertThat(pod.strangerTls().connections()).isEqualTo(connections);
        }
      }
    }
  }

  // TM-LEAK, AB10
  @Test
  void otherTlsIsRefusedWhereConfigured() throws IOException {
    try (CapturedPod strict = CapturedPod.start(CaptureBootstrap::capture, ", other_tls: refuse");
        Socket dialled =
            strict.agent().dial(host(strict.network().stranger()), strict.strangerTls().port());
        SSLSocket tls = tls(strict, dialled, "other.example")) {
      assertThatThrownBy(tls::startHandshake).isInstanceOf(IOException.class);
      assertThat(strict.strangerTls().connections()).isZero();
    }
  }

  // TM-BYPASS
  @Test
  void quicIsRejectedAndOtherDatagramsPass() throws IOException {
    try (DatagramSocket quic = new DatagramSocket(443, pod.network().stranger());
        DatagramSocket other = new DatagramSocket(4433, pod.network().stranger())) {
      Thread echo = Thread.ofVirtual().start(() -> echo(other));

      assertThat(agent.datagram(host(pod.network().stranger()), 443))
          .isIn("Operation not permitted", "Connection refused");
      assertThat(agent.datagram(host(pod.network().stranger()), 4433)).isEqualTo("answered");

      quic.setSoTimeout(100);
      assertThatThrownBy(() -> quic.receive(new DatagramPacket(new byte[10], 10)))
          .isInstanceOf(SocketTimeoutException.class);
      echo.interrupt();
    }
  }

  // TM-BYPASS, AB13
  @ParameterizedTest
  @ValueSource(strings = {"root", "4242", "userns-root", "userns-as-envoy"})
  void nobodyElseEscapes(String who) {
    UnaryOperator<List<String>> as =
        switch (who) {
          case "root" -> pod.network()::asRoot;
          case "4242" -> command -> pod.network().as(4242, 4242, command);
          case "userns-root" -> command -> asAgent(List.of("unshare", "-Ur"), command);
          default ->
              command ->
                  asAgent(List.of("unshare", "-U", "--map-user=" + CapturedPod.ENVOY), command);
        };
    try (PodAgent other = pod.agent(who, as)) {
      Http.Response answer =
          other.send(
              host(pod.network().stranger()),
              pod.stranger().port(),
              request("POST", "/", "elsewhere.example", "", WHOAMI, alice));

      assertThat(answer.status()).isEqualTo(200);
      assertThat(pod.stranger().requests().last().headers("authorization")).isEmpty();
    }
  }

  // TM-BYPASS
  @Test
  void agentCannotBecomeEnvoy() {
    assertThatThrownBy(() -> pod.run("setpriv", "--reuid=" + CapturedPod.ENVOY, "true"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("setpriv");
  }

  // TM-BYPASS
  @Test
  void directDialOfOurPortsIsRefusedWithoutALoop() {
    for (String where : List.of("127.0.0.1", "::1", pod.network().pod())) {
      for (int port : new int[] {15001, 15006}) {
        Http.Response answer =
            agent.send(where, port, request("GET", "/", "a.example", "", "", null));

        assertThat(answer.status()).as(where + " " + port).isZero();
      }
    }
    assertThat(pod.envoy().stat("cluster.valetkey_unlisted.upstream_cx_active")).isLessThan(10);
  }

  /** Envoy's own defence, should the rules be lost: the connection is taken and ended. */
  // TM-BYPASS
  @Test
  void directDialLoopsNotEvenWithoutTheGuard() throws IOException {
    pod.withoutRules(() -> {
      for (String where : List.of("127.0.0.1", "::1")) {
        Http.Response answer =
            agent.send(where, 15001, request("GET", "/", "a.example", "", "", null));

        assertThat(answer.status()).isZero();
      }
      assertThat(pod.envoy().stat("tcp.not_redirected.downstream_cx_total")).isEqualTo(2);
      assertThat(pod.envoy().stat("cluster.valetkey_unlisted.upstream_cx_active")).isLessThan(10);
    });
  }

  // TM-AWAY
  @Test
  void whileEnvoyIsDownNothingLeaves() {
    pod.stopEnvoy();
    try {
      for (InetAddress dialled : List.of(pod.network().stranger(), pod.network().strangerV6())) {
        Http.Response answer =
            post(dialled, pod.stranger().port(), "elsewhere.example", "/", "anything");

        assertThat(answer.status()).isZero();
        assertThat(answer.text()).contains("Connection refused");
      }
      assertThat(pod.stranger().requests().count()).isZero();
    } finally {
      pod.startEnvoy();
    }
  }

  // TM-AROUND
  @Test
  void usersReachTheAgentThroughACheckAndNoOtherPortIsOpen() throws IOException {
    pod.serveUsers();

    assertThat(get(8080, "/hello", null).status()).isEqualTo(401);
    assertThat(get(8080, "/hello", alice).text()).isEqualTo("hello");
    assertThat(get(15006, "/hello", null).status()).isEqualTo(401);
    assertThat(get(8080, "/healthz", null).text()).isEqualTo("well");
    assertThatThrownBy(() -> get(5555, "/hello", alice)).hasMessageContaining("refused");
  }

  // TM-SOCKET
  @Test
  void agentReachesNoSocketOfOurs() {
    String folder = pod.socketFolder().toString();
    for (String socket : List.of(folder + "/authz.sock", folder + "/../envoy/admin.sock")) {
      assertThatThrownBy(() -> pod.run("curl", "-sS", "--unix-socket", socket, "http://x/ready"))
          .hasMessageContaining("status 7");
    }
    assertThatThrownBy(() -> pod.run("ls", folder)).hasMessageContaining("Permission denied");
  }

  // TM-SOCKET
  @Test
  void agentThatCanOpenTheSocketIsStillRefused() {
    int before = count("\"peer refused\"");

    assertThatThrownBy(() ->
            pod.runWithGroup(
                CapturedPod.ENVOY,
                "curl",
                "-sS",
                "--http2-prior-knowledge",
                "--unix-socket",
                pod.socketFolder() + "/authz.sock",
                "http://x/"))
        .isInstanceOf(IllegalStateException.class);

    Poll.until(
        Duration.ofSeconds(10), "the refusal in the log", () -> count("\"peer refused\"") > before);
    assertThat(pod.sidecar().err()).contains("\"uid\":" + CapturedPod.AGENT);
  }

  @Test
  void http2WithoutTlsPassesToServersAndToOthers() {
    String answer =
        pod.run(
            "curl",
            "-sS",
            "--http2-prior-knowledge",
            "-w",
            " %{http_version} %{http_code}",
            "--resolve",
            CapturedPod.HOST + ":80:" + host(pod.network().outside()),
            "-H",
            "Authorization: Bearer " + alice,
            "-H",
            "Content-Type: application/json",
            "-d",
            WHOAMI,
            "http://" + CapturedPod.HOST + "/mcp");

    assertThat(answer.strip()).endsWith(" 2 200");
    assertThat(pod.server().requests().count()).isEqualTo(1);
  }

  private static Http.Response post(
      InetAddress dialled, int port, String host, String target, String token, String... lines) {
    return agent.send(
        host(dialled), port, request("POST", target, host, String.join("", lines), WHOAMI, token));
  }

  /** As users call the agent, from outside. */
  private static Http.Response get(int port, String path, @Nullable String token) {
    return Http.send(
        pod.network().pod(), port, request("GET", path, "agent.example", "", "", token));
  }

  private static String request(
      String method,
      String target,
      String host,
      String lines,
      String body,
      @Nullable String token) {
    return "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
            .formatted(method, target, host)
        + (token == null ? "" : "Authorization: Bearer " + token + "\r\n")
        + (body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n")
        + lines
        + "\r\n"
        + body;
  }

  private static List<String> asAgent(List<String> first, List<String> command) {
    return pod.network()
        .as(
            CapturedPod.AGENT,
            CapturedPod.AGENT,
            java.util.stream.Stream.concat(first.stream(), command.stream()).toList());
  }

  /** TLS of the agent to a stranger's address, under a name. */
  private static SSLSocket tls(String name) throws IOException {
    return tls(pod, agent.dial(host(pod.network().stranger()), pod.strangerTls().port()), name);
  }

  private static SSLSocket tls(CapturedPod pod, Socket dialled, String name) throws IOException {
    return (SSLSocket)
        pod.ca().clientContext().getSocketFactory().createSocket(dialled, name, 443, true);
  }

  /** The wait is what is tested: Envoy must not give up looking. */
  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private static void greet(ServerSocket mail) {
    try (Socket caller = mail.accept()) {
      caller.getOutputStream().write("220 mail.example\r\n".getBytes(StandardCharsets.US_ASCII));
      caller.getInputStream().read();
    } catch (IOException callerLeft) {
      // The test has read what it wanted.
    }
  }

  private static void echo(DatagramSocket socket) {
    try {
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      socket.receive(packet);
      socket.send(packet);
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private static int count(String text) {
    return pod.sidecar().err().split(text, -1).length - 1;
  }

  private static String host(InetAddress address) {
    return address.getHostAddress();
  }

  private static String address(InetAddress address, int port) {
    return host(address) + ":" + port;
  }
}
