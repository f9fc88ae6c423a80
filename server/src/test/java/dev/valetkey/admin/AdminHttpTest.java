package dev.valetkey.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.valetkey.admin.Readiness.IssuerState;
import dev.valetkey.admin.Readiness.State;
import dev.valetkey.subject.BackChannelLogout;
import dev.valetkey.subject.Logouts;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Poll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
final class AdminHttpTest {
  private static final Supplier<BackChannelLogout> NO_LOGOUT =
      () ->
          new BackChannelLogout(
              List.of(),
              InstantSource.system(),
              new Logouts(InstantSource.system()),
              null,
              () -> null);

  private final Metrics metrics = new Metrics();
  private final FakeReadiness readiness = new FakeReadiness();
  private final HttpClient client = HttpClient.newHttpClient();
  private AdminHttp http;

  @BeforeEach
  void start() throws IOException {
    http = AdminHttp.start("127.0.0.1:0", metrics, readiness, NO_LOGOUT);
  }

  @AfterEach
  void close() {
    http.close();
    client.close();
  }

  @Test
  void metricsAreServedAsText() throws Exception {
    metrics.internalError();

    HttpResponse<String> answer = send("GET", "/metrics");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body()).contains("valetkey_internal_errors_total 1.0\n");
  }

  @Test
  void liveAsSoonAsItAnswers() throws Exception {
    assertThat(send("GET", "/livez").statusCode()).isEqualTo(200);
    assertThat(send("GET", "/livez").body()).isEqualTo("ok\n");
  }

  // AB5, R-BC-5
  @Test
  void notReadyUntilEveryIssuerWasTried() throws Exception {
    readiness.issuers.add(new IssuerState("corp", State.PENDING, null));

    HttpResponse<String> before = send("GET", "/readyz");
    readiness.ready = true;
    readiness.issuers.set(0, new IssuerState("corp", State.FAILED, "issuer_keys_unavailable"));
    HttpResponse<String> after = send("GET", "/readyz");

    assertThat(before.statusCode()).isEqualTo(503);
    assertThat(before.body())
        .isEqualTo("{\"ready\":false,\"issuers\":[{\"name\":\"corp\",\"state\":\"pending\"}]}\n");
    assertThat(after.statusCode()).isEqualTo(200);
    assertThat(after.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(after.body())
        .isEqualTo(
            "{\"ready\":true,\"issuers\":[{\"name\":\"corp\",\"state\":\"failed\",\"detail\":\"issuer_keys_unavailable\"}]}\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/metrics/",
        "/metricsx",
        "/metrics/..",
        "/METRICS",
        "/%6detrics",
        "//metrics",
        "*",
        "/readyz/x",
        "/explain",
        "/sessions",
        "/backchannel-logout"
      })
  void everyOtherPathIsNotFound(String path) throws Exception {
    assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 404 ");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /metrics",
    "PUT, /livez",
    "DELETE, /readyz",
    "OPTIONS, /metrics",
    "TRACE, /metrics"
  })
  void onlyGetAndHeadAreAllowed(String method, String path) throws Exception {
    String answer =
        raw(
            method
                + " "
                + path
                + " HTTP/1.1\r\nHost: x\r\nX-Secret: CANARY-echo\r\nConnection: close\r\n\r\n");

    assertThat(answer)
        .startsWith("HTTP/1.1 405 ")
        .containsIgnoringCase("\r\nallow: GET, HEAD\r\n")
        .doesNotContain("CANARY");
  }

  @Test
  void headSaysWhatGetWouldSayWithoutTheBody() throws Exception {
    String answer = raw("HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

    assertThat(answer)
        .startsWith("HTTP/1.1 200 ")
        .containsIgnoringCase("content-length: 3\r\n")
        .endsWith("\r\n\r\n");
  }

  @Test
  void theQueryDoesNotMatter() throws Exception {
    assertThat(send("GET", "/livez?verbose").statusCode()).isEqualTo(200);
  }

  @Test
  void aRequestBodyIsNotTakenForTheNextRequest() throws Exception {
    String smuggled = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

    String answer =
        raw(
            "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: "
                + smuggled.length()
                + "\r\n\r\n"
                + smuggled);

    assertThat(answer).startsWith("HTTP/1.1 405 ").doesNotContain("valetkey_");
  }

  @Test
  void aLargeBodyIsAnsweredAndNotKept() throws Exception {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(uri("/livez"))
                .POST(BodyPublishers.ofByteArray(new byte[60_000]))
                .build(),
            BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(405);
  }

  @Test
  void slowClientsDoNotStopOthers() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        Socket socket = connect();
        slow.add(socket);
        socket.getOutputStream().write("GET /metrics HT".getBytes(US_ASCII));
      }

      assertThat(send("GET", "/livez").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void aClientThatNeverEndsItsRequestIsCutOff() throws Exception {
    try (Socket socket = connect()) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write("GET /metrics HTTP/1.1\r\nHost".getBytes(US_ASCII));

      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void aBugIsAnsweredWithoutItsText() throws Exception {
    readiness.bug = new IllegalStateException("text of a bug");

    HttpResponse<String> answer = send("GET", "/readyz");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).isEqualTo("internal error\n");
  }

  @Test
  void anAddressCanBeIpv6() throws Exception {
    try (AdminHttp six = AdminHttp.start("[::1]:0", metrics, readiness, NO_LOGOUT)) {
      URI page = URI.create("http://[::1]:" + six.port() + "/livez");

      assertThat(
              client
                  .send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString())
                  .statusCode())
          .isEqualTo(200);
    }
  }

  @SuppressWarnings("try") // the port is given up in the middle
  @Test
  void aPortThatIsTakenIsBoundOnceItIsFree() throws Exception {
    try (AdminHttp first = AdminHttp.start("127.0.0.1:0", metrics, readiness, NO_LOGOUT)) {
      URI page = URI.create("http://127.0.0.1:" + first.port() + "/livez");
      try (AdminHttp second = AdminHttp.start(page.getAuthority(), metrics, readiness, NO_LOGOUT)) {
        first.close();

        Poll.until(
            Duration.ofSeconds(20),
            "the second server's port",
            () -> second.port() == page.getPort());

        assertThat(
                client
                    .send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString())
                    .statusCode())
            .isEqualTo(200);
      }
    }
  }

  @Test
  void waitingForAPortEndsWithTheServer() throws Exception {
    AdminHttp second = AdminHttp.start("127.0.0.1:" + http.port(), metrics, readiness, NO_LOGOUT);

    second.close();

    assertThat(second.port()).isZero();
    assertThat(send("GET", "/livez").statusCode()).isEqualTo(200);
  }

  @Test
  void anAddressOfAnotherMachineIsAnError() {
    assertThatThrownBy(() -> AdminHttp.start("192.0.2.1:9464", metrics, readiness, NO_LOGOUT))
        .isInstanceOf(IOException.class);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri(path)).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + http.port() + path);
  }

  /** Sends bytes and reads until the server closes the connection. */
  private String raw(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), http.port());
  }

  private static final class FakeReadiness implements Readiness {
    volatile boolean ready;
    volatile @Nullable RuntimeException bug;
    final List<IssuerState> issuers = new ArrayList<>();

    @Override
    public boolean ready() {
      RuntimeException thrown = bug;
      if (thrown != null) {
        throw thrown;
      }
      return ready;
    }

    @Override
    public List<IssuerState> issuers() {
      return issuers;
    }
  }
}
