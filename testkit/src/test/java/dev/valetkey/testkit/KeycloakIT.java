package dev.valetkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the real Keycloak answers; valetkey's checks of an issued token exist because of these. */
class KeycloakIT {
  private static Keycloak keycloak;

  @BeforeAll
  static void start() {
    keycloak = Keycloak.start();
  }

  @Test
  void scopeBringsItsAudienceBesideTheStockScopes() {
    String alice = keycloak.passwordToken("chat-app", "alice");

    Http.Response answer = keycloak.exchange(alice, "scope", "github", "audience", "github-mcp");

    assertThat(Jwt.of(alice).audience()).containsExactly("agent");
    assertThat(answer.status()).isEqualTo(200);
    Jwt token = Jwt.of(String.valueOf(answer.json().get("access_token")));
    assertThat(token.audience()).containsExactly("github-mcp");
    assertThat(token.scope()).containsExactlyInAnyOrder("profile", "email", "github");
    assertThat(token.claim("sub")).isEqualTo(Jwt.of(alice).claim("sub"));
  }

  @Test
  void openidIsGivenWhenTheLoginHadIt() {
    Http.Response answer =
        keycloak.exchange(keycloak.passwordToken("chat-app", "alice"), "scope", "openid github");

    Jwt token = Jwt.of(String.valueOf(answer.json().get("access_token")));
    assertThat(token.scope()).containsExactlyInAnyOrder("openid", "profile", "email", "github");
  }

  @Test
  void aMissingRoleIsA200WithoutAudience() {
    Http.Response answer =
        keycloak.exchange(keycloak.passwordToken("chat-app", "bob"), "scope", "github");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(Jwt.of(String.valueOf(answer.json().get("access_token"))).audience()).isEmpty();
  }

  @Test
  void anotherAppsUserTokenIsAccessDenied() {
    Http.Response answer =
        keycloak.exchange(
            keycloak.passwordToken("other-app", "alice"),
            "scope",
            "github",
            "audience",
            "github-mcp");

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.json()).containsEntry("error", "access_denied");
  }

  @Test
  void aLoggedOutUserIsInvalidRequest() {
    String alice = keycloak.passwordToken("chat-app", "alice");
    keycloak.logout("alice");

    Http.Response answer = keycloak.exchange(alice, "scope", "github");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json()).containsEntry("error", "invalid_request");
  }

  @Test
  void theHttpsIssuerIsAnotherOne() {
    String token = keycloak.httpsPasswordToken("chat-app", "alice");

    assertThat(Jwt.of(token).claim("iss")).isEqualTo(keycloak.httpsIssuer());
  }
}
