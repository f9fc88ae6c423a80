package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Header;
import dev.valetkey.testkit.SeenRequest;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What servers get of a call: all that the agent sent, but for the credentials. */
@Timeout(60)
final class PassThroughIT {
  private static final List<Header> HEADERS =
      Header.of(
          "MCP-Protocol-Version",
          "2026-07-28",
          "Mcp-Method",
          "tools/call",
          "Mcp-Name",
          "=?base64?w6RwZmVs?=",
          "Mcp-Param-Region",
          "eu-West-1",
          "Mcp-Param-Unheard-Of",
          "a, b;c=\"d\"",
          "Mcp-Session-Id",
          "8b2f-XYZ",
          "Last-Event-ID",
          "stream-1/42",
          "Accept",
          "application/json, text/event-stream",
          "Origin",
          "https://chat.example",
          "traceparent",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          "tracestate",
          "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
          "baggage",
          "user=%C3%A4;p=1,key=Value",
          "X-Request-Id",
          "the-agents-own",
          "Forwarded",
          "for=192.0.2.60",
          "Cookie",
          "a=b; c=d");

  private static Pod pod;
  private static String alice;

  @BeforeAll
  static void start() {
    pod = new PodFile().exchange("github").server("open", "none", null).start();
    alice = pod.issuer().userToken("alice");
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.servers().values().forEach(server -> server.requests().clear());
  }

  // R-MCP-12, AU-OTHERS
  @ParameterizedTest
  @CsvSource({"github, 0", "github, 1", "open, 0"})
  void headersArriveAsTheyWereSent(String server, int refusals) {
    pod.server(server).refuseNext(refusals, 401);

    pod.agent().call(server, alice, namesAndValues());

    assertThat(pod.server(server).requests().count()).isEqualTo(1 + refusals);
    for (SeenRequest seen : pod.server(server).requests().all()) {
      assertThat(sorted(withoutCredentials(seen))).isEqualTo(sorted(sent(server)));
    }
  }

  // R-MCP-12, AU-OTHERS
  @ParameterizedTest
  @ValueSource(strings = {"github", "open"})
  void bodyArrivesByteByByte(String server) {
    byte[] bytes = new byte[150_000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 + i / 256);
    }
    String body =
        "{\"_meta\":{\"traceparent\":\"00-1-2-3\"},\"x\":\""
            + new String(bytes, ISO_8859_1)
            + "\"}";

    pod.agent()
        .raw(
            Agent.request(
                "POST", "/mcp", Pod.host(server), "Authorization: Bearer " + alice + "\r\n", body));

    assertThat(pod.server(server).requests().last().body()).isEqualTo(body.getBytes(ISO_8859_1));
  }

  // R-MCP-1, AB2
  @ParameterizedTest
  @ValueSource(strings = {"POST", "GET", "DELETE", "PUT", "PATCH", "OPTIONS"})
  void everyRequestHasOneAuthorizationAndNoTokenInItsAddress(String method) {
    String target = "/mcp/x?access_token=agents-own&b=%20";

    pod.agent()
        .raw(
            Agent.request(
                method, target, "github.example", "Authorization: Bearer " + alice + "\r\n", ""));

    SeenRequest seen = pod.server("github").requests().last();
    assertThat(seen.method()).isEqualTo(method);
    assertThat(seen.target()).isEqualTo(target);
    assertThat(seen.headers("authorization")).hasSize(1);
    assertThat(pod.issuer().issuedTokens().contains(String.valueOf(seen.bearer()))).isTrue();
  }

  // R-MCP-1, AU-OTHERS
  @Test
  void serverWithoutTokensGetsNone() {
    pod.agent().call("open", alice);
    pod.agent().call("open", null);

    assertThat(pod.server("open").requests().all())
        .hasSize(2)
        .allSatisfy(seen -> assertThat(seen.headers("authorization")).isEmpty());
  }

  private static String[] namesAndValues() {
    return HEADERS.stream()
        .flatMap(header -> Stream.of(header.name(), header.value()))
        .toArray(String[]::new);
  }

  private static Stream<Header> sent(String server) {
    return Stream.concat(
        HEADERS.stream(),
        Header.of(
            "host",
            Pod.host(server),
            "content-type",
            "application/json",
            "content-length",
            String.valueOf(Agent.WHOAMI.length()))
            .stream());
  }

  private static Stream<Header> withoutCredentials(SeenRequest seen) {
    return seen.headers().stream().filter(h -> !h.name().equalsIgnoreCase("authorization"));
  }

  private static List<String> sorted(Stream<Header> headers) {
    return headers
        .map(header -> header.name().toLowerCase(Locale.ROOT) + ": " + header.value())
        .sorted()
        .toList();
  }
}
