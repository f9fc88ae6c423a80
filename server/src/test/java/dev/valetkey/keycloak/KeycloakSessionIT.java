package dev.valetkey.keycloak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.admin.AdminClient;
import dev.valetkey.admin.LiveSession;
import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A user whom Keycloak logs out or shuts out while the sidecar holds tokens for her. */
@Timeout(60)
final class KeycloakSessionIT {
  /** Of the tokens of {@code chat-app-brief}. */
  private static final Duration LIFE = Duration.ofSeconds(12);

  @TempDir private static Path folder;
  private static Keycloak keycloak;
  private static KeycloakAdmin admin;
  private static McpServer upstream;
  private static Gateway gateway;

  @BeforeAll
  static void start() {
    keycloak = RealKeycloak.start();
    admin = new KeycloakAdmin(keycloak);
    admin.add(
        Stream.of("carol", "dave", "erin", "frank").map(KeycloakAdmin::user).toList(),
        List.of(
            KeycloakAdmin.withLifespan(KeycloakAdmin.chatApp("chat-app-brief", "agent"), LIFE)));
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

  // R-CA-2
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

    assertThat(end(carol)).isEqualTo("ended, 1 tokens dropped\n");
    assertRefused(gateway.call("jira", carol));
  }

  // R-CA-2
  @Test
  void tokenOfADisabledUserServesUntilItsSessionIsEnded() throws IOException {
    String erin = keycloak.passwordToken("chat-app", "erin");
    assertThat(gateway.call("jira", erin).status()).isEqualTo(200);
    String held = String.valueOf(upstream.requests().last().bearer());

    admin.disable("erin");

    assertThat(gateway.call("jira", erin).status()).isEqualTo(200);
    assertThat(upstream.requests().last().bearer()).isEqualTo(held);
    assertRefused(gateway.call("other", erin));

    assertThat(end(erin)).isEqualTo("ended, 1 tokens dropped\n");
    assertRefused(gateway.call("jira", erin));
  }

  /** README.md, "When a user is revoked": never beyond the {@code exp} of the user token. */
  // R-CA-2
  @Test
  void withoutAnEndedSessionTheUserTokensExpiryIsTheEnd() {
    String frank = keycloak.passwordToken("chat-app-brief", "frank");
    Instant expiry = Instant.ofEpochSecond((long) Jwt.of(frank).claims().get("exp"));
    assertThat(gateway.call("jira", frank).status()).isEqualTo(200);
    Jwt held = Jwt.of(String.valueOf(upstream.requests().last().bearer()));
    assertThat((long) held.claims().get("exp")).isGreaterThan(expiry.getEpochSecond());

    keycloak.logout("frank");
    assertThat(gateway.call("jira", frank).status()).isEqualTo(200);
    AtomicReference<Instant> served = new AtomicReference<>(Instant.MIN);
    Poll.until(
        LIFE.multipliedBy(2),
        "a refusal",
        () -> {
          Instant asked = Instant.now();
          boolean refused = gateway.call("jira", frank).status() == 401;
          if (!refused) {
            served.set(asked);
          }
          return refused;
        });

    assertThat(served.get()).isBefore(expiry);
    assertRefused(gateway.call("jira", frank));
  }

  @Test
  void nextSignInOfTheSameUserIsServedAtOnce() {
    String first = keycloak.passwordToken("chat-app", "dave");
    keycloak.logout("dave");
    assertRefused(gateway.call("jira", first));

    String second = keycloak.passwordToken("chat-app", "dave");

    assertThat(gateway.call("jira", second).status()).isEqualTo(200);
  }

  private static String end(String userToken) throws IOException {
    return Child.run(
        Gateway.valetkey(
            "sessions",
            "--socket",
            gateway.adminSocket().toString(),
            "--end",
            session(userToken).id().substring(0, 16)));
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
