package dev.valetkey.issuers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.McpServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** npm's oidc-provider, which takes resource indicators (RFC 8707) at their word. */
@Timeout(60)
final class OidcProviderIT {
  private static final String TICKETS = "http://tickets.example/mcp";
  private static final String WIKI = "http://wiki.example/mcp";

  @TempDir private static Path folder;
  private static NodeProvider provider;
  private static McpServer upstream;
  private static Gateway gateway;

  /**
   * A server of its own for each row.
   *
   * @param grant what the grant says beside its type
   * @param rest what the server's section says beside that
   * @param code empty: the call goes through
   */
  private record Row(String server, String grant, String rest, int status, String code) {
    String line(int port) {
      return ("  %1$s: {url: \"http://%1$s.example/mcp\", allow_http: true, "
              + "upstream: {address: \"127.0.0.1:%2$d\"}, "
              + "grant: {type: client_credentials, %3$s}%4$s}\n")
          .formatted(server, port, grant, rest);
    }

    @Override
    public String toString() {
      return server + ": " + code;
    }
  }

  private static List<Row> granted() {
    return List.of(
        new Row("tickets", "issuer: secret, scope: read write", "", 200, ""),
        new Row("in-the-form", "issuer: form, resource: \"" + TICKETS + "\"", "", 200, ""),
        new Row("by-assertion", "issuer: key, resource: \"" + TICKETS + "\"", "", 200, ""),
        new Row(
            "by-assertion-for-the-endpoint",
            "issuer: key-for-endpoint, resource: \"" + TICKETS + "\"",
            "",
            200,
            ""));
  }

  private static List<Row> refused() {
    return List.of(
        new Row("unknown", "issuer: secret", "", 403, "invalid_target"),
        new Row(
            "two-resources",
            "issuer: secret, resource: [\"" + TICKETS + "\", \"" + WIKI + "\"]",
            "",
            403,
            "invalid_target"),
        new Row(
            "other-audience",
            "issuer: secret, resource: \"" + WIKI + "\"",
            ", expect: {audience: [\"" + TICKETS + "\"]}",
            403,
            "issued_audience"),
        new Row(
            "opaque",
            "issuer: secret, resource: []",
            ", expect: {format: jwt}",
            403,
            "issued_format"),
        new Row(
            "wrong-secret",
            "issuer: wrong-secret, resource: \"" + WIKI + "\"",
            "",
            503,
            "invalid_client"),
        new Row(
            "wrong-key-id",
            "issuer: wrong-key-id, resource: \"" + WIKI + "\"",
            "",
            503,
            "invalid_client"),
        new Row(
            "unknown-client",
            "issuer: unknown-client, resource: \"" + WIKI + "\"",
            "",
            503,
            "invalid_client"));
  }

  @BeforeAll
  static void start() {
    provider = NodeProvider.start(folder);
    upstream = McpServer.start("upstream");
    gateway =
        Gateway.start(
            folder,
            Map.of(
                "secrets/agent",
                NodeProvider.SECRET,
                "secrets/wrong",
                "CANARY-wrong-secret",
                "secrets/key.pem",
                provider.key()),
            sections());
  }

  @AfterAll
  static void nothingLeaked() {
    if (gateway == null) {
      return;
    }
    try (NodeProvider issuer = provider;
        McpServer server = upstream;
        Gateway both = gateway) {
      Leaks leaks = new Leaks().secret("client secret", NodeProvider.SECRET);
      leaks.secret("private key", issuer.key().lines().toList().get(1));
      leaks.assertNoneIn("the server's requests", server.requests().wireText());
      leaks.secrets("issued token", server.seenTokens());
      leaks.assertNoneIn("what valetkey and Envoy wrote", both.writings());
    }
  }

  @BeforeEach
  void forget() {
    upstream.requests().clear();
  }

  // R-MCP-3, R-CL-1, R-CL-2
  @ParameterizedTest
  @MethodSource("granted")
  void tokenIsForTheResourceAlone(Row row) {
    Gateway.Answer answer = gateway.call(row.server(), null);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    Jwt issued = seen();
    assertThat(issued.audience()).containsExactly(TICKETS);
    assertThat(issued.claim("iss")).isEqualTo(provider.issuer());
    assertThat(issued.claim("sub")).startsWith("agent");
  }

  // R-RI-2, R-TX-7, R-TX-9
  @ParameterizedTest
  @MethodSource("refused")
  void codeOfTheIssuerDecidesTheStatus(Row row) {
    Gateway.Answer answer = gateway.call(row.server(), null);

    assertThat(answer.code()).as(answer.body()).isEqualTo(row.code());
    assertThat(answer.status()).isEqualTo(row.status());
    assertThat(upstream.requests().count()).isZero();
  }

  // R-RI-2
  @Test
  void refusedResourceIsNamedInTheAuditLine() {
    gateway.call("unknown", null);

    assertThat(gateway.audit())
        .contains("\"server\":\"unknown\",\"decision\":\"rejected\",\"reason\":\"invalid_target\"");
  }

  /** oidc-provider leaves out what a resource does not know; a server sees that in its token. */
  // R-TX-6
  @Test
  void narrowerScopeThanAskedForIsTaken() {
    Gateway.Answer answer = gateway.call("wiki", null);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(seen().scope()).containsExactly("read");
  }

  /** Without a resource oidc-provider gives tokens that only it can read. */
  @Test
  void opaqueTokenIsTakenWhereNoneWasDemanded() {
    Gateway.Answer answer = gateway.call("opaque-is-fine", null);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(String.valueOf(upstream.requests().last().bearer())).doesNotContain(".");
  }

  private static Jwt seen() {
    return Jwt.of(String.valueOf(upstream.requests().last().bearer()));
  }

  private static String sections() {
    StringBuilder text =
        new StringBuilder(
            """
            issuers:
              secret: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
              form: {issuer: "%1$s", allow_http: true, client_id: agent-post, client_secret_file: secrets/agent, token_endpoint_auth_method: client_secret_post}
              key: {issuer: "%1$s", allow_http: true, client_id: agent-key, private_key_file: secrets/key.pem, key_id: agent-key}
              key-for-endpoint: {issuer: "%1$s", allow_http: true, client_id: agent-key, private_key_file: secrets/key.pem, key_id: agent-key, client_assertion_audience: token_endpoint}
              wrong-key-id: {issuer: "%1$s", allow_http: true, client_id: agent-key, private_key_file: secrets/key.pem, key_id: nobody}
              wrong-secret: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/wrong}
              unknown-client: {issuer: "%1$s", allow_http: true, client_id: nobody, client_secret_file: secrets/agent}
            servers:
            """
                .formatted(provider.issuer()));
    granted().forEach(row -> text.append(row.line(upstream.port())));
    refused().forEach(row -> text.append(row.line(upstream.port())));
    Row narrower = new Row("wiki", "issuer: secret, scope: read write admin", "", 200, "");
    Row opaque = new Row("opaque-is-fine", "issuer: secret, resource: []", "", 200, "");
    return text.append(narrower.line(upstream.port()))
        .append(opaque.line(upstream.port()))
        .toString();
  }
}
