package dev.valetkey.keycloak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.McpServer;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Keycloak's broker endpoint. The realm of a company lets its users sign in at the partner, which
 * is the realm {@code valetkey}, and keeps the partner's tokens; gina came that way, henry and iris
 * have passwords at the company.
 */
@Timeout(120)
final class KeycloakBrokerIT {
  private static final String REALM = "valetkey-company";
  private static final String SECRET = "CANARY-company-secret";

  @TempDir private static Path folder;
  private static Keycloak keycloak;
  private static KeycloakAdmin admin;
  private static String company = "";
  private static String gina = "";
  private static McpServer upstream;
  private static Gateway gateway;

  @BeforeAll
  static void start() {
    keycloak = RealKeycloak.start();
    admin = new KeycloakAdmin(keycloak);
    company = keycloak.issuer().replace("/realms/valetkey", "/realms/" + REALM);
    admin.add(List.of(KeycloakAdmin.user("gina")), List.of(companyAtThePartner()));
    admin.create(companyRealm());
    gina = signInAtThePartner("gina");
    upstream = McpServer.start("upstream");
    gateway =
        Gateway.start(
            folder,
            Map.of("secrets/agent", SECRET),
            """
            issuers:
              company: {issuer: "%1$s", profile: keycloak, allow_http: true, client_id: agent, client_secret_file: secrets/agent}
            servers:
              partner:
                url: http://partner.example/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%2$d"}
                grant: {type: brokered_token, endpoint: "%1$s/broker/partner/token"}
              nobody:
                url: http://nobody.example/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%2$d"}
                grant: {type: brokered_token, endpoint: "%1$s/broker/nobody/token"}
              expecting:
                url: http://expecting.example/mcp
                allow_http: true
                upstream: {address: "127.0.0.1:%2$d"}
                grant: {type: brokered_token, endpoint: "%1$s/broker/partner/token"}
                expect: {iss: "%1$s"}
            """
                .formatted(company, upstream.port()));
  }

  @AfterAll
  static void nothingLeaked() {
    if (admin != null) {
      admin.delete(REALM);
    }
    if (gateway == null) {
      return;
    }
    try (McpServer server = upstream;
        Gateway both = gateway) {
      Leaks leaks = new Leaks().secret("user token", gina).secret("client secret", SECRET);
      leaks.assertNoneIn("the server's requests", server.requests().wireText());
      leaks.secrets("partner's token", server.seenTokens());
      leaks.assertNoneIn("what valetkey and Envoy wrote", both.writings());
    }
  }

  // R-TX-13
  @Test
  void serverGetsThePartnersTokenOfTheUser() {
    Gateway.Answer answer = gateway.call("partner", gina);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    Jwt seen = Jwt.of(String.valueOf(upstream.requests().last().bearer()));
    assertThat(seen.claim("iss")).isEqualTo(keycloak.issuer());
    assertThat(seen.claim("azp")).isEqualTo("company");
    assertThat(seen.claim("preferred_username")).isEqualTo("gina");
    assertThat(seen.claim("sub")).isNotEqualTo(Jwt.of(gina).claim("sub"));
  }

  @Test
  void partnersTokenIsHeldToWhatIsExpected() {
    assertRefused(gateway.call("expecting", gina), 403, "issued_issuer");
  }

  @Test
  void userWithoutTheRoleIsRefused() {
    assertRefused(gateway.call("partner", password("henry")), 403, "access_denied");
  }

  /** Keycloak says 400: the user has to sign in at the partner first. */
  @Test
  void userWhoNeverSignedInAtThePartnerIsTold() {
    assertRefused(gateway.call("partner", password("iris")), 401, "interaction_required");
  }

  /** Keycloak says 5xx, not 404: it cannot be told from an outage. */
  @Test
  void partnerWhomKeycloakDoesNotKnowLooksLikeAnOutage() {
    assertRefused(gateway.call("nobody", gina), 503, "issuer_unavailable");
  }

  private static void assertRefused(Gateway.Answer answer, int status, String code) {
    assertThat(answer.code()).as(answer.body()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(status);
  }

  /** The company as a client of the partner. */
  private static Map<String, Object> companyAtThePartner() {
    return Map.of(
        "clientId",
        "company",
        "publicClient",
        false,
        "secret",
        SECRET,
        "redirectUris",
        List.of(company + "/broker/partner/endpoint"),
        "defaultClientScopes",
        KeycloakAdmin.STOCK_SCOPES);
  }

  private static Map<String, Object> companyRealm() {
    Map<String, Object> chatApp =
        KeycloakAdmin.withRedirect(KeycloakAdmin.chatApp("chat-app", "agent"), Browser.CALLBACK);
    Map<String, Object> agent =
        Map.of("clientId", "agent", "publicClient", false, "secret", SECRET);
    return Map.of(
        "realm",
        REALM,
        "enabled",
        true,
        "sslRequired",
        "none",
        "clients",
        List.of(chatApp, agent),
        "users",
        List.of(
            KeycloakAdmin.user("henry"),
            KeycloakAdmin.withRole(KeycloakAdmin.user("iris"), "broker", "read-token")),
        "identityProviders",
        List.of(partner()));
  }

  private static Map<String, Object> partner() {
    String endpoints = keycloak.issuer() + "/protocol/openid-connect/";
    return Map.of(
        "alias",
        "partner",
        "providerId",
        "oidc",
        "enabled",
        true,
        "storeToken",
        true,
        "addReadTokenRoleOnCreate",
        true,
        "config",
        Map.of(
            "issuer",
            keycloak.issuer(),
            "authorizationUrl",
            endpoints + "auth",
            "tokenUrl",
            endpoints + "token",
            "jwksUrl",
            endpoints + "certs",
            "useJwksUrl",
            "true",
            "validateSignature",
            "true",
            "clientId",
            "company",
            "clientSecret",
            SECRET,
            "clientAuthMethod",
            "client_secret_basic",
            "defaultScope",
            "openid profile email"));
  }

  private static String signInAtThePartner(String user) {
    Form asked =
        Form.of(
            "response_type",
            "code",
            "client_id",
            "chat-app",
            "redirect_uri",
            Browser.CALLBACK,
            "scope",
            "openid",
            "kc_idp_hint",
            "partner");
    URI start = URI.create(company + "/protocol/openid-connect/auth?" + asked.encoded());
    String code = new Browser().code(start, user);
    return token(
        Form.of(
            "grant_type",
            "authorization_code",
            "client_id",
            "chat-app",
            "redirect_uri",
            Browser.CALLBACK,
            "code",
            code));
  }

  private static String password(String user) {
    return token(
        Form.of(
            "grant_type",
            "password",
            "client_id",
            "chat-app",
            "username",
            user,
            "password",
            Issuer.password(user)));
  }

  private static String token(Form form) {
    Http.Response answer = Http.post(URI.create(company + "/protocol/openid-connect/token"), form);
    assertThat(answer.status()).isEqualTo(200);
    return String.valueOf(answer.json().get("access_token"));
  }
}
