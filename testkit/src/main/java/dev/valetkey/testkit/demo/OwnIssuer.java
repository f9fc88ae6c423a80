package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Client;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.McpServer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The demo's own issuer, in this process: it knows actors and lets us look at what it was sent. */
final class OwnIssuer implements SignIn {
  static final String ISSUER = "https://idp.example";
  static final String CLIENT = "travel-agent";
  static final String CLIENT_SECRET = "CANARY-travel agent's secret/+%";

  private final Issuer issuer;
  private final String actorToken;

  private OwnIssuer(Issuer issuer) {
    this.issuer = issuer;
    this.actorToken = issuer.jwt(CLIENT).expiresIn(Duration.ofHours(24)).signed();
  }

  static OwnIssuer start() {
    return start(InetAddress.getLoopbackAddress());
  }

  /** The same at another address of this machine. */
  static OwnIssuer start(InetAddress address) {
    Issuer issuer =
        Issuer.start(
            IssuerOptions.defaults()
                .withAddress(address)
                .withPath("")
                .withPublicOrigin(ISSUER)
                .withAudience(CLIENT)
                .withClients(Client.basic(CLIENT, CLIENT_SECRET), Client.none("chat-app")));
    issuer.switches().tokenLife(Duration.ofMinutes(30));
    return new OwnIssuer(issuer);
  }

  @Override
  public String name() {
    return "an issuer of its own";
  }

  @Override
  public String config() {
    return """
    issuers:
      idp:
        issuer: %s
        connect_to: %s    # the name is not in DNS
        allow_http: true
        client_id: %s
        client_secret_file: secrets/idp
    """
        .formatted(ISSUER, issuer.origin(), CLIENT);
  }

  @Override
  public Map<String, String> secrets() {
    return Map.of("idp", CLIENT_SECRET, "actor", actorToken);
  }

  @Override
  public String grant(String server) {
    return switch (server) {
      case "github" ->
          "grant: {audience: github-mcp, scope: repo:read,"
              + " actor_token_file: secrets/actor, actor_token_type: jwt}";
      case "jira" -> "grant: {audience: jira-mcp, scope: issues:read}";
      default -> "grant: none";
    };
  }

  @Override
  public McpServer.Options demanding(McpServer.Options server, String audience) {
    return server.withAudience(audience).withGenuine(issuer::hasSigned);
  }

  @Override
  public String login(String user) {
    Http.Response answer =
        Http.post(
            issuer.tokenEndpoint(),
            Form.of(
                "grant_type",
                "password",
                "client_id",
                "chat-app",
                "username",
                user,
                "password",
                Issuer.password(user),
                "scope",
                "openid profile"));
    return String.valueOf(answer.json().get("access_token"));
  }

  /** A token of this user that was good until five minutes ago. */
  String expiredToken(String user) {
    return issuer
        .jwt(user)
        .issuedIn(Duration.ofMinutes(-35))
        .expiresIn(Duration.ofMinutes(-5))
        .signed();
  }

  /** The actor token, of the agent itself. */
  String actorToken() {
    return actorToken;
  }

  /** The issuer, to look at what it was sent. */
  Issuer issuer() {
    return issuer;
  }

  @Override
  public Map<String, String> canaries() {
    Map<String, String> secrets = new LinkedHashMap<>();
    secrets.put("client secret", CLIENT_SECRET);
    List<String> users = issuer.userTokens();
    for (int i = 0; i < users.size(); i++) {
      secrets.put("user or actor token " + (i + 1), users.get(i));
    }
    return secrets;
  }

  @Override
  public void close() {
    issuer.close();
  }
}
