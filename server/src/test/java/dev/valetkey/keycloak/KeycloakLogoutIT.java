package dev.valetkey.keycloak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.admin.AdminClient;
import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Users whom Keycloak logs out, and who tells the sidecar so. */
@Timeout(60)
final class KeycloakLogoutIT {
  @TempDir private static Path folder;
  private static Keycloak keycloak;
  private static McpServer upstream;
  private static Gateway gateway;

  @BeforeAll
  static void start() {
    keycloak = RealKeycloak.start();
    upstream = McpServer.start("upstream");
    gateway =
        Gateway.start(
            folder,
            Map.of("secrets/agent", Keycloak.AGENT_SECRET),
            """
            issuers:
              keycloak: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
            users:
              - {issuer: keycloak, backchannel_logout: true, logout_audience: leaving-chat}
            servers:
              jira:
                url: http://jira.example/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%2$d"}
                grant: {audience: jira-mcp, scope: jira, resource: []}
            """
                .formatted(keycloak.issuer(), upstream.port()));
    new KeycloakAdmin(keycloak)
        .add(
            List.of(KeycloakAdmin.user("frank"), KeycloakAdmin.user("grace")),
            List.of(chat(gateway.admin("/backchannel-logout").toString())));
  }

  /**
   * Keycloak tells the client at which the user signed in of the logout, and not one that only
   * exchanges tokens.
   */
  private static Map<String, Object> chat(String logoutUrl) {
    Map<String, Object> chat = new HashMap<>(KeycloakAdmin.chatApp("leaving-chat", "agent"));
    chat.put(
        "attributes",
        Map.of("backchannel.logout.url", logoutUrl, "backchannel.logout.session.required", "true"));
    return chat;
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
      upstream.close();
    }
  }

  // R-CA-4, TM-FORGED
  @Test
  void loggedOutAtKeycloakIsLoggedOutHere() {
    String frank = keycloak.passwordToken("leaving-chat", "frank");
    String grace = keycloak.passwordToken("leaving-chat", "grace");
    assertThat(gateway.call("jira", frank).status()).isEqualTo(200);
    assertThat(gateway.call("jira", grace).status()).isEqualTo(200);
    assertThat(hasSession(frank)).isTrue();

    keycloak.logout("frank");

    Poll.until(Duration.ofSeconds(10), "the session to end", () -> !hasSession(frank));
    Gateway.Answer answer = gateway.call("jira", frank);
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.code()).isEqualTo("user_token_inactive");
    assertThat(hasSession(frank)).isFalse();
    assertThat(gateway.call("jira", grace).status()).isEqualTo(200);
    assertThat(gateway.call("jira", keycloak.passwordToken("leaving-chat", "frank")).status())
        .isEqualTo(200);
  }

  private static boolean hasSession(String userToken) {
    String subject = Jwt.of(userToken).claim("sub");
    try (AdminClient client = AdminClient.of(gateway.adminSocket())) {
      return client.sessions().stream().anyMatch(session -> session.subject().equals(subject));
    } catch (IOException unreachable) {
      throw new UncheckedIOException(unreachable);
    }
  }
}
