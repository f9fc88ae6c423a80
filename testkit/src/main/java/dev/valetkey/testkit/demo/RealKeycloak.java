package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.McpServer;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A real Keycloak. One that already runs is used and left alone; one that had to be started is
 * stopped at the end.
 */
final class RealKeycloak implements SignIn {
  private final Keycloak keycloak;
  private final boolean startedByUs;
  private final Map<String, String> tokens = new LinkedHashMap<>();

  private RealKeycloak(Keycloak keycloak, boolean startedByUs) {
    this.keycloak = keycloak;
    this.startedByUs = startedByUs;
  }

  static RealKeycloak start() {
    boolean runs = runs();
    return new RealKeycloak(Keycloak.start(), !runs);
  }

  private static boolean runs() {
    String port = System.getenv().getOrDefault("KEYCLOAK_HTTP_PORT", "28080");
    try {
      return Http.get(URI.create("http://127.0.0.1:" + port + "/realms/valetkey")).status() == 200;
    } catch (UncheckedIOException nobodyThere) {
      return false;
    }
  }

  @Override
  public String name() {
    return "a real Keycloak";
  }

  String issuer() {
    return keycloak.issuer();
  }

  @Override
  public String config() {
    return """
    issuers:
      keycloak:
        issuer: %s
        allow_http: true
        client_id: agent
        client_secret_file: secrets/keycloak
    """
        .formatted(keycloak.issuer());
  }

  @Override
  public Map<String, String> secrets() {
    return Map.of("keycloak", Keycloak.AGENT_SECRET);
  }

  /**
   * Keycloak knows no {@code resource}; a scope brings the audience, if the user has the role for
   * it.
   */
  @Override
  public String grant(String server) {
    return switch (server) {
      case "github" -> "grant: {scope: github, resource: []}\n    expect: {audience: [github-mcp]}";
      case "jira" -> "grant: {audience: jira-mcp, scope: jira, resource: []}";
      default -> "grant: none";
    };
  }

  @Override
  public McpServer.Options demanding(McpServer.Options server, String audience) {
    return server.withAudience(audience);
  }

  @Override
  public String login(String user) {
    return login(user, "chat-app");
  }

  /** The same at another application. */
  String login(String user, String application) {
    String token = keycloak.passwordToken(application, user);
    tokens.put("token " + (tokens.size() + 1) + " of " + user, token);
    return token;
  }

  /**
   * What Keycloak itself says to an exchange with this scope: the audiences of the token it gives.
   */
  List<String> audienceOf(String userToken, String scope) {
    Http.Response answer = keycloak.exchange(userToken, "scope", scope);
    String token = answer.status() == 200 ? Json.text(answer.json(), "access_token") : null;
    return token == null ? List.of("status " + answer.status()) : Jwt.of(token).audience();
  }

  @Override
  public Map<String, String> canaries() {
    Map<String, String> secrets = new LinkedHashMap<>(tokens);
    secrets.put("client secret", Keycloak.AGENT_SECRET);
    return secrets;
  }

  @Override
  public void close() {
    if (startedByUs) {
      Keycloak.stop();
    }
  }
}
