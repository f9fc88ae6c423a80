package dev.valetkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class McpServerTest {
  private static final String WHOAMI =
      """
      {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"whoami","arguments":{}}}\
      """;

  @Test
  void whoamiTellsTheClaimsOfATokenForThisServerOnly() {
    try (Issuer issuer = Issuer.start();
        McpServer server =
            McpServer.start(
                McpServer.Options.open("github")
                    .withAudience("github-mcp")
                    .withGenuine(issuer::hasSigned))) {
      String good = issuer.jwt("alice").audience("github-mcp").signed();
      String forged = issuer.jwt("alice").audience("github-mcp").brokenSignature();

      Http.Response answer = call(server, good);

      assertThat(answer.text()).contains("\\\"sub\\\":\\\"alice\\\"").contains("\"id\":7");
      assertThat(call(server, issuer.userToken("alice")).status()).isEqualTo(401);
      assertThat(call(server, forged).status()).isEqualTo(401);
      server.revoke(good);
      assertThat(call(server, good).header("www-authenticate")).contains("invalid_token");
      assertThat(server.seenTokens()).hasSize(3).contains(good, forged);
    }
  }

  @Test
  void refusalsAreCountedDown() {
    try (McpServer server = McpServer.start("open")) {
      server.refuseNext(2, 503);

      List<Integer> statuses =
          List.of(
              call(server, "a").status(), call(server, "a").status(), call(server, "a").status());

      assertThat(statuses).containsExactly(503, 503, 200);
    }
  }

  @Test
  void requestsAreKeptAsTheyCame() {
    try (McpServer server = McpServer.start("open")) {
      String raw =
          """
          POST http://x/mcp?q HTTP/1.1\r
          HOST: x\r
          Authorization: Bearer a\r
          authorization: Bearer b\r
          X: \u0080\r
          Transfer-Encoding: chunked\r
          Connection: close\r
          \r
          3\r
          abc\r
          0\r
          \r
          """;

      Http.Response answer = Http.send("127.0.0.1", server.port(), raw);

      SeenRequest seen = server.requests().last();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(seen.target()).isEqualTo("http://x/mcp?q");
      assertThat(seen.headers().getFirst()).isEqualTo(new Header("HOST", "x"));
      assertThat(seen.headers("authorization")).containsExactly("Bearer a", "Bearer b");
      assertThat(seen.header("x")).isEqualTo("\u0080");
      assertThat(seen.bodyText()).isEqualTo("abc");
    }
  }

  @Test
  void traceEchoesAndUpgradeSwitchesAndStreamsAreFramed() {
    try (McpServer server = McpServer.start("open")) {
      Http.Response trace =
          Http.send("127.0.0.1", server.port(), "TRACE /mcp HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");
      Http.Response upgrade =
          Http.get(
              server.uri(),
              "Upgrade",
              "websocket",
              "Connection",
              "Upgrade",
              "Sec-WebSocket-Key",
              "dGhlIHNhbXBsZSBub25jZQ==");
      Http.Response stream =
          Http.post(server.uri(), "application/json", WHOAMI, "Accept", "text/event-stream");

      assertThat(trace.text()).contains("A: b");
      assertThat(upgrade.status()).isEqualTo(101);
      assertThat(upgrade.header("sec-websocket-accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      assertThat(stream.text()).startsWith("event: message\ndata: {");
    }
  }

  @Test
  void initializeAgreesOnTheRevision() {
    try (McpServer server = McpServer.start("open")) {
      String initialize =
          """
          {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}\
          """;

      Http.Response answer = Http.post(server.uri(), "application/json", initialize);

      Map<String, Object> result = Json.object(answer.json(), "result");
      assertThat(result).containsEntry("protocolVersion", "2025-06-18");
      assertThat(answer.header("mcp-session-id")).isNotNull();
    }
  }

  private static Http.Response call(McpServer server, String token) {
    return Http.post(server.uri(), "application/json", WHOAMI, "Authorization", "Bearer " + token);
  }
}
