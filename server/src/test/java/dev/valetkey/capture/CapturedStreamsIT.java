package dev.valetkey.capture;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.testkit.PodAgent;
import dev.valetkey.testkit.Poll;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever lasts passes a captured agent's Envoy piece by piece, with a token of the server's. */
@Namespaces.Needed
@Timeout(60)
final class CapturedStreamsIT {
  private static CapturedPod pod;
  private static PodAgent agent;
  private static String alice;

  @TempDir private Path folder;

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

  @Test
  void eventsArriveOneByOne() throws IOException {
    try (Socket line = dial()) {
      send(line, head("GET", "Accept: text/event-stream\r\n"));
      assertThat(readUntil(line, "\r\n\r\n")).startsWith("HTTP/1.1 200");

      for (String event : new String[] {"notifications/first", "notifications/second"}) {
        pod.server().push(event);

        assertThat(readUntil(line, event)).contains("data: ");
      }
    }
    assertOwnToken();
  }

  @Test
  void bodyIsSentAsItComes() throws IOException {
    try (Socket line = dial()) {
      send(
          line,
          head("POST", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
              + "1\r\n{\r\n");
      Poll.until(
          Duration.ofSeconds(10),
          "the request at the server before its body is there",
          () -> pod.envoy().stat("cluster.mcp.upstream_rq_active") == 1);

      String rest = "\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
      send(line, Integer.toHexString(rest.length()) + "\r\n" + rest + "\r\n0\r\n\r\n");

      assertThat(readUntil(line, "\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
    assertOwnToken();
  }

  @Test
  void webSocketCarriesBytesBothWays() throws IOException {
    try (Socket line = dial()) {
      send(
          line,
          head(
              "GET",
              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
      assertThat(readUntil(line, "\r\n\r\n")).startsWith("HTTP/1.1 101");

      for (String text : new String[] {"first", "second"}) {
        send(line, text);

        assertThat(readUntil(line, text)).isEqualTo(text);
      }
    }
    assertOwnToken();
  }

  /** HTTP/2 without TLS to a host that is no server: as an agent's telemetry does. */
  @Test
  void grpcReachesHostsThatAreNoServers() throws IOException {
    Server health =
        NettyServerBuilder.forAddress(new InetSocketAddress(pod.network().stranger(), 0))
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    try {
      Path message = Files.write(folder.resolve("message"), new byte[5]);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));

      String answer =
          pod.run(
              "curl",
              "-sS",
              "-D",
              "-",
              "-o",
              "/dev/null",
              "--http2-prior-knowledge",
              "-H",
              "Content-Type: application/grpc",
              "-H",
              "TE: trailers",
              "--data-binary",
              "@" + message,
              "http://"
                  + pod.network().stranger().getHostAddress()
                  + ":"
                  + health.getPort()
                  + "/grpc.health.v1.Health/Check");

      assertThat(answer).startsWith("HTTP/2 200").contains("grpc-status: 0");
    } finally {
      health.shutdownNow();
    }
  }

  private static Socket dial() throws IOException {
    return agent.dial(pod.network().outside().getHostAddress(), 80);
  }

  private static String head(String method, String lines) {
    return "%s /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n"
        .formatted(method, CapturedPod.HOST, alice, lines);
  }

  private static void send(Socket line, String text) throws IOException {
    line.getOutputStream().write(text.getBytes(ISO_8859_1));
    line.getOutputStream().flush();
  }

  private static String readUntil(Socket line, String text) throws IOException {
    InputStream in = line.getInputStream();
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    while (!read.toString(ISO_8859_1).endsWith(text)) {
      int b = in.read();
      if (b < 0) {
        throw new AssertionError("closed after: " + read.toString(ISO_8859_1));
      }
      read.write(b);
    }
    return read.toString(ISO_8859_1);
  }

  private static void assertOwnToken() {
    assertThat(pod.server().requests().last().bearer()).isNotNull().isNotEqualTo(alice);
  }
}
