package dev.valetkey.keycloak;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Keycloak;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Brings Keycloak what only these tests need; what is there of the same name goes. */
final class KeycloakAdmin {
  private static final String REALM = "/realms/valetkey";

  /** What Keycloak gives a client that is made by hand; an import gives nothing by itself. */
  static final List<String> STOCK_SCOPES =
      List.of("basic", "profile", "email", "roles", "web-origins", "acr");

  private final String url;

  KeycloakAdmin(Keycloak keycloak) {
    this.url = keycloak.issuer().replace(REALM, "");
  }

  /** A user who signs in with {@link Issuer#password}. */
  static Map<String, Object> user(String name) {
    Map<String, Object> password = Map.of("type", "password", "value", Issuer.password(name));
    return Map.of(
        "username",
        name,
        "enabled",
        true,
        "email",
        name + "@example.test",
        "firstName",
        name,
        "lastName",
        "Example",
        "credentials",
        List.of(password));
  }

  /** A public client that signs users in; its tokens are for {@code audience}. */
  static Map<String, Object> chatApp(String id, String audience) {
    Map<String, Object> mapper =
        Map.of(
            "name",
            "to " + audience,
            "protocol",
            "openid-connect",
            "protocolMapper",
            "oidc-audience-mapper",
            "config",
            Map.of("included.client.audience", audience, "access.token.claim", "true"));
    return Map.of(
        "clientId",
        id,
        "publicClient",
        true,
        "directAccessGrantsEnabled",
        true,
        "fullScopeAllowed",
        false,
        "defaultClientScopes",
        STOCK_SCOPES,
        "protocolMappers",
        List.of(mapper));
  }

  /** The client with access tokens of this life. */
  static Map<String, Object> withLifespan(Map<String, Object> client, Duration life) {
    Map<String, Object> changed = new LinkedHashMap<>(client);
    changed.put("attributes", Map.of("access.token.lifespan", String.valueOf(life.toSeconds())));
    return changed;
  }

  /** The client for sign-ins by browser, which end at {@code uri}; its tokens name every role. */
  static Map<String, Object> withRedirect(Map<String, Object> client, String uri) {
    Map<String, Object> changed = new LinkedHashMap<>(client);
    changed.put("redirectUris", List.of(uri));
    changed.put("fullScopeAllowed", true);
    return changed;
  }

  /** The user with a role of a client. */
  static Map<String, Object> withRole(Map<String, Object> user, String client, String role) {
    Map<String, Object> changed = new LinkedHashMap<>(user);
    changed.put("clientRoles", Map.of(client, List.of(role)));
    return changed;
  }

  void add(List<Map<String, Object>> users, List<Map<String, Object>> clients) {
    Map<String, Object> more =
        Map.of("ifResourceExists", "OVERWRITE", "users", users, "clients", clients);
    Http.Response answer =
        Http.post(
            URI.create(url + "/admin" + REALM + "/partialImport"),
            "application/json",
            Json.text(more),
            "Authorization",
            "Bearer " + token());
    if (answer.status() != 200) {
      throw new IllegalStateException("import: " + answer.status() + " " + answer.text());
    }
  }

  /** A realm of the test's own; one of the same name goes first. */
  void create(Map<String, Object> realm) {
    delete(String.valueOf(realm.get("realm")));
    request("POST", "/admin/realms", Json.text(realm), 201);
  }

  void delete(String realm) {
    request("DELETE", "/admin/realms/" + realm, "", 204, 404);
  }

  /** This user signs in no more; sessions stay as they are. */
  void disable(String user) {
    String found =
        request("GET", "/admin" + REALM + "/users?exact=true&username=" + user, "", 200).text();
    Map<String, Object> first = Json.object(found.substring(1, found.length() - 1));
    request("PUT", "/admin" + REALM + "/users/" + first.get("id"), Json.text(disabled(first)), 204);
  }

  private static Map<String, Object> disabled(Map<String, Object> user) {
    Map<String, Object> changed = new LinkedHashMap<>(user);
    changed.put("enabled", false);
    return changed;
  }

  private Http.Response request(String method, String path, String body, Integer... good) {
    Http.Response answer =
        Http.request(
            method,
            URI.create(url + path),
            null,
            body.getBytes(UTF_8),
            "Content-Type",
            "application/json",
            "Authorization",
            "Bearer " + token());
    if (!List.of(good).contains(answer.status())) {
      throw new IllegalStateException(method + " " + path + ": " + answer.status());
    }
    return answer;
  }

  private String token() {
    Form form =
        Form.of(
            "grant_type",
            "password",
            "client_id",
            "admin-cli",
            "username",
            "admin",
            "password",
            "admin");
    URI endpoint = URI.create(url + "/realms/master/protocol/openid-connect/token");
    return String.valueOf(Http.post(endpoint, form).json().get("access_token"));
  }
}
