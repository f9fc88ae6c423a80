package dev.valetkey.keycloak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.admin.AdminClient;
import dev.valetkey.admin.LiveSession;
import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.McpServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A user whom Keycloak logs out while the sidecar holds tokens for her. */
@Timeout(60)
final class KeycloakSessionIT {
  @TempDir private static Path folder;
  private static Keycloak keycloak;
  private static McpServer upstream;
  private static Gateway gateway;

  @BeforeAll
  static void start() {
    keycloak = RealKeycloak.start();
    new KeycloakAdmin(keycloak)
        .add(List.of(KeycloakAdmin.user("carol"), KeycloakAdmin.user("dave")), List.of());
    upstream = McpServer.start("upstream");
    gateway =
        Gateway.start(
            folder,
            Map.of("secrets/agent", Keycloak.AGENT_SECRET),
            """
            issuers:
              keycloak: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
            servers:
              jira:
                url: http://jira.example/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%2$d"}
                grant: {audience: jira-mcp, scope: jira, resource: []}
              other:
                url: http://other.example/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%2$d"}
                grant: {audience: jira-mcp, scope: jira, resource: []}
            """
                .formatted(keycloak.issuer(), upstream.port()));
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
      upstream.close();
    }
  }

  @Test
  void tokenOfALoggedOutUserServesUntilItsSessionIsEnded() throws IOException {
    String carol = keycloak.passwordToken("chat-app", "carol");
    assertThat(gateway.call("jira", carol).status()).isEqualTo(200);
    String held = String.valueOf(upstream.requests().last().bearer());

    keycloak.logout("carol");

    // RFC 9068 §5: a JWT outlives the sign-in; this one is good until its own expiry.
    assertThat(gateway.call("jira", carol).status()).isEqualTo(200);
    assertThat(upstream.requests().last().bearer()).isEqualTo(held);
    assertRefused(gateway.call("other", carol));

    String ended =
        Child.run(
            Gateway.valetkey(
                "sessions",
                "--socket",
                gateway.adminSocket().toString(),
                "--end",
                session(carol).id().substring(0, 16)));

    assertThat(ended).isEqualTo("ended, 1 tokens dropped\n");
    assertRefused(gateway.call("jira", carol));
  }

  @Test
  void nextSignInOfTheSameUserIsServedAtOnce() {
    String first = keycloak.passwordToken("chat-app", "dave");
    keycloak.logout("dave");
    assertRefused(gateway.call("jira", first));

    String second = keycloak.passwordToken("chat-app", "dave");

    assertThat(gateway.call("jira", second).status()).isEqualTo(200);
  }

  private static void assertRefused(Gateway.Answer answer) {
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.code()).isEqualTo("invalid_request");
    assertThat(answer.body())
        .contains("The issuer does not accept the user's sign-in for this server.");
  }

  private static LiveSession session(String userToken) throws IOException {
    String subject = Jwt.of(userToken).claim("sub");
    try (AdminClient client = AdminClient.of(gateway.adminSocket())) {
      return client.sessions().stream()
          .filter(session -> session.subject().equals(subject))
          .findFirst()
          .orElseThrow();
    }
  }
}
