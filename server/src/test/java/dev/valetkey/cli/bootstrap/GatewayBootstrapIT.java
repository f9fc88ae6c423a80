package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.Samples;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.SeenRequest;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The printed bootstraps in a real Envoy, with an authorization server that lets everything
 * through.
 */
final class GatewayBootstrapIT {
  private static final String USER_TOKEN = "Bearer CANARY-user";

  @TempDir Path folder;

  private final int port = Ports.free();
  private Recorder first;
  private Recorder second;

  @BeforeEach
  void startServers() {
    first = Recorder.start();
    second = Recorder.start();
  }

  @AfterEach
  void stopServers() {
    first.close();
    second.close();
  }

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#names")
  void envoyRunsEverySample(String sample) {
    Samples.copy(sample, folder);
    String bootstrap =
        Samples.read(Samples.file(sample, "envoy.yaml")).replace(Samples.HOME, folder.toString());
    String here =
        bootstrap
            .replace("/run/valetkey/", folder + "/")
            .replace(
                "address: 127.0.0.1, port_value: 15001", "address: 127.0.0.1, port_value: " + port);

    try (EnvoyProcess envoy = EnvoyProcess.start(here, folder)) {
      assertThat(envoy.isLive()).isTrue();
      assertThat(envoy.log()).doesNotContain("deprecated", "[error]", "[critical]");
    }
  }

  // R-BC-5
  @Test
  void withoutSidecarTheAgentGets503AndTheServerSeesNothing() {
    try (EnvoyProcess envoy =
        envoy("a: {url: 'http://a.test:%d/mcp', upstream: {address: '127.0.0.1:%d'}, %s}", first)) {
      Http.Response answer = get("a.test", "/mcp");

      assertThat(answer.status()).isEqualTo(503);
      assertThat(first.connections()).isZero();
      assertThat(envoy.stat("http.egress.ext_authz.valetkey.error")).isEqualTo(1);
    }
  }

  @Test
  void adminSocketIsOurs() throws IOException {
    try (EnvoyProcess envoy =
        envoy("a: {url: 'http://a.test:%d/mcp', upstream: {address: '127.0.0.1:%d'}, %s}", first)) {
      assertThat(envoy.isLive()).isTrue();
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(folder.resolve("envoy-admin.sock"))))
          .isEqualTo("rw-------");
    }
  }

  /**
   * A path, the server that its Check names, and the upstream that gets it: none, the first or the
   * second.
   */
  private record Row(String path, String server, int upstream) {}

  private static final List<Row> PATHS =
      List.of(
          new Row("/one", "one", 1),
          new Row("/one?x=/two", "one", 1),
          new Row("/one/x", "one", 1),
          new Row("/one/two", "one_two", 2),
          new Row("/one/two/x", "one_two", 2),
          new Row("/one/twofold", "one", 1),
          new Row("/one/two/../x", "one", 1),
          new Row("/one/shut", "shut", 0),
          new Row("/one/shut/x", "shut", 0),
          new Row("/onefold", "one", 0),
          new Row("/", "one", 0),
          new Row("/one/../two", "one", 0),
          new Row("//one", "one", 0));

  @Test
  void pathsOfOneHostGoToTheirServers() throws IOException {
    String servers =
        """
          one: {url: 'http://a.test/one', upstream: {address: '127.0.0.1:%d'}, allow_http: true, grant: none}
          one_two: {url: 'http://a.test/one/two', upstream: {address: '127.0.0.1:%d'}, allow_http: true, grant: none}
          shut: {url: 'http://a.test/one/shut', allow_http: true, grant: refuse}
        """
            .formatted(first.port(), second.port());
    try (RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy = start(servers)) {
      awaitSidecar(envoy);

      for (Row row : PATHS) {
        first.requests().clear();
        second.requests().clear();

        Http.Response answer = get("A.TEST.:15001", row.path());

        assertThat(authorization.last().context())
            .as(row.path())
            .isEqualTo(Map.of("valetkey.direction", "outbound", "valetkey.server", row.server()));
        assertThat(List.of(first.requests().count(), second.requests().count()))
            .as(row.path())
            .isEqualTo(List.of(row.upstream() == 1 ? 1L : 0L, row.upstream() == 2 ? 1L : 0L));
        int refusal = row.server().equals("shut") ? 403 : 404;
        assertThat(answer.status()).as(row.path()).isEqualTo(row.upstream() > 0 ? 200 : refusal);
      }
      assertThat(authorization.asked()).hasSize(PATHS.size());
    }
  }

  // R-MCP-2
  @Test
  void userTokenIsShownToTheSidecarAndNeverToTheServer() throws IOException {
    try (RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            envoy(
                "a: {url: 'http://a.test:%d/mcp', upstream: {address: '127.0.0.1:%d'}, %s}",
                first)) {
      awaitSidecar(envoy);

      Http.Response answer =
          get(
              "a.test",
              "/mcp",
              "Authorization",
              USER_TOKEN,
              "X-User-Token",
              "CANARY-second",
              "X-Valetkey-User-Token",
              "CANARY-forged",
              "X-Envoy-Retry-On",
              "5xx");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(authorization.last().headers())
          .containsEntry("x-valetkey-user-token", USER_TOKEN)
          .containsEntry("x-user-token", "CANARY-second")
          .doesNotContainKeys("authorization", "x-envoy-retry-on");
      SeenRequest seen = first.requests().last();
      assertThat(seen.headers("authorization")).containsExactly(RecordingAuthorization.TOKEN);
      assertThat(seen.header("host")).isEqualTo("a.test:" + first.port());
      assertThat(seen.wireText().toLowerCase(Locale.ROOT))
          .doesNotContain(
              "canary-user",
              "canary-second",
              "canary-forged",
              "x-forwarded",
              "x-envoy",
              "x-request-id");
    }
  }

  @Test
  void callWithoutUserTokenShowsNone() throws IOException {
    try (RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            envoy(
                "a: {url: 'http://a.test:%d/mcp', upstream: {address: '127.0.0.1:%d'}, %s}",
                first)) {
      awaitSidecar(envoy);

      get("a.test", "/mcp", "X-Valetkey-User-Token", "CANARY-forged");

      assertThat(authorization.last().headers())
          .doesNotContainKeys("authorization", "x-valetkey-user-token");
    }
  }

  @Test
  void unlistedHostIsCheckedAndNeverCalled() throws IOException {
    try (RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            envoy(
                "a: {url: 'http://a.test:%d/mcp', upstream: {address: '127.0.0.1:%d'}, %s}",
                first)) {
      awaitSidecar(envoy);

      Http.Response answer = get("127.0.0.1:" + second.port(), "/");

      assertThat(answer.status()).isEqualTo(404);
      assertThat(authorization.last().context())
          .isEqualTo(Map.of("valetkey.direction", "unlisted", "valetkey.unlisted", "refuse"));
      assertThat(second.connections()).isZero();
    }
  }

  @Test
  void serverUnder401IsAskedOnceMoreWithTheRefusedTokenShown() throws IOException {
    try (McpServer server = McpServer.start("a");
        RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            start(
                "  a: {url: 'http://a.test:8080/mcp', aliases: ['http://alias.test/mcp'], upstream: {address: 'localhost:"
                    + server.port()
                    + "'}, allow_http: true, grant: {audience: a}}\n")) {
      awaitSidecar(envoy);
      server.refuseNext(1, 401);

      Http.Response answer =
          Http.post(
              URI.create("http://127.0.0.1:" + port + "/mcp"),
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
              "Host",
              "alias.test",
              "Authorization",
              USER_TOKEN,
              "Accept",
              "application/json, text/event-stream");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(authorization.asked())
          .extracting(asked -> asked.context().get("valetkey.direction"))
          .containsExactly("outbound", "retry");
      assertThat(authorization.last().headers())
          .containsEntry("authorization", RecordingAuthorization.TOKEN)
          .containsEntry(":authority", "a.test");
      assertThat(server.requests().all())
          .allSatisfy(seen -> assertThat(seen.header("host")).isEqualTo("a.test:8080"));
      assertThat(server.requests().wireText())
          .doesNotContain("CANARY-user", "x-valetkey", "x-envoy");
    }
  }

  // TM-WIRE
  @ParameterizedTest
  @CsvSource({"localhost, 200", "127.0.0.1, 200", "other.test, 503"})
  void certificateMustNameTheServer(String expected, int status) throws IOException {
    TestCa ca = TestCa.create(Files.createDirectory(folder.resolve("ca")));
    try (Recorder secure = Recorder.start(ca.localhost());
        RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            start(
                """
                  a: {url: 'https://a.test/mcp', grant: none, upstream: {address: '127.0.0.1:%d', tls: {ca_file: %s, server_name: %s}}}
                """
                    .formatted(secure.port(), ca.pem(), expected))) {
      awaitSidecar(envoy);

      Http.Response answer = get("a.test", "/mcp");

      assertThat(answer.status()).isEqualTo(status);
      assertThat(secure.requests().count()).isEqualTo(status == 200 ? 1 : 0);
      assertThat(authorization.asked()).hasSize(1);
    }
  }

  @Test
  void nameWithSeveralAddressesIsTriedAtAllOfThem() throws IOException {
    // Nobody listens on ::1, which localhost also means to Envoy.
    try (RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            start(
                "  a: {url: 'http://localhost:%d/mcp', allow_http: true, grant: none}\n"
                    .formatted(first.port()))) {
      awaitSidecar(envoy);

      for (int i = 0; i < 10; i++) {
        assertThat(get("localhost", "/mcp").status()).isEqualTo(200);
      }

      assertThat(authorization.asked()).hasSize(10);
    }
  }

  @Test
  void addressesOfIpv6ServersAreHosts() throws IOException {
    try (RecordingAuthorization authorization = authorization();
        EnvoyProcess envoy =
            start(
                "  a: {url: 'http://[::1]:8080/mcp', upstream: {address: '127.0.0.1:%d'}, allow_http: true, grant: none}\n"
                    .formatted(first.port()))) {
      awaitSidecar(envoy);

      assertThat(get("[::1]:15001", "/mcp").status()).isEqualTo(200);
      assertThat(authorization.last().context()).containsEntry("valetkey.server", "a");
      assertThat(first.requests().last().header("host")).isEqualTo("[::1]:8080");
    }
  }

  private RecordingAuthorization authorization() throws IOException {
    return new RecordingAuthorization(folder.resolve("authz.sock"));
  }

  /** One server, made of a pattern with its two ports and the rest. */
  private EnvoyProcess envoy(String server, Recorder upstream) {
    return start(
        "  "
            + server.formatted(
                upstream.port(), upstream.port(), "allow_http: true, grant: {audience: a}")
            + "\n");
  }

  private EnvoyProcess start(String servers) {
    String yaml =
        """
        listen: {socket: authz.sock}
        envoy: {listen: '127.0.0.1:%d', admin_socket: envoy-admin.sock}
        issuers:
          corp: {issuer: 'https://idp.example.com', client_id: agent, client_secret_file: secrets/corp}
        user_token: {from: [authorization, 'header:x-user-token']}
        servers:
        %s\
        """
            .formatted(port, servers);
    return EnvoyProcess.start(
        GatewayBootstrap.print(Samples.config(Samples.write(yaml, folder))), folder);
  }

  private static void awaitSidecar(EnvoyProcess envoy) {
    Poll.until(
        Duration.ofSeconds(10),
        "healthy sidecar",
        () -> envoy.stat("cluster.valetkey.membership_healthy") == 1);
  }

  private Http.Response get(String host, String target, String... headers) {
    StringBuilder request =
        new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
    for (int i = 0; i < headers.length; i += 2) {
      request.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
    }
    return Http.send("127.0.0.1", port, request + "Connection: close\r\n\r\n");
  }
}
