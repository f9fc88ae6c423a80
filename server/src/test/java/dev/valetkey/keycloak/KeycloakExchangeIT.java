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
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a real Keycloak answers to each kind of request, and what the agent gets for it. Keycloak
 * says yes where it ignored half of what it was asked: the check of the issued token turns such a
 * yes into a refusal.
 */
@Timeout(60)
final class KeycloakExchangeIT {
  private static final String WIKI = "https://wiki.example.test/mcp";

  /** Its host is not in DNS. */
  private static final String PUBLIC_ISSUER = "http://keycloak.example/realms/valetkey";

  private static final ClientKey KEY = ClientKey.generate();

  @TempDir private static Path folder;
  private static Keycloak keycloak;
  private static McpServer upstream;
  private static Gateway gateway;
  private static final Map<String, String> USER_TOKENS = new LinkedHashMap<>();

  /**
   * A server of its own for each row.
   *
   * @param user {@code user} or {@code user@client}; empty: nobody is signed in
   * @param issuer name of the issuer that the grant asks
   * @param lines what the server's section says beside its address
   * @param code empty: the call goes through
   * @param audience of the token that the server then sees
   */
  private record Row(
      String server, String user, String issuer, String lines, String code, String audience) {
    @Override
    public String toString() {
      return server + (code.isEmpty() ? "" : ": " + code);
    }
  }

  private static Row granted(
      String server, String user, String issuer, String lines, String audience) {
    return new Row(server, user, issuer, lines, "", audience);
  }

  private static Row refused(String server, String user, String lines, String code) {
    return refused(server, user, "agent", lines, code);
  }

  private static Row refused(String server, String user, String issuer, String lines, String code) {
    return new Row(server, user, issuer, lines, code, "");
  }

  private static List<Row> rows() {
    String github = "grant: {audience: github-mcp, scope: github, resource: []}";
    String byScope = "grant: {scope: github, resource: []}, expect: {audience: [github-mcp]}";
    String jira = "grant: {audience: jira-mcp, scope: jira, resource: []}";
    String both = "grant: {audience: github-mcp, scope: github jira, resource: []}";
    String actor =
        "grant: {audience: jira-mcp, scope: jira, resource: [], actor_token_file: secrets/actor}";
    String asItself =
        "grant: {type: client_credentials, scope: jira, resource: []}, expect: {audience: [jira-mcp]}";
    return List.of(
        // Keycloak's stock client scopes stand in every one of these tokens.
        granted("audience-and-scope", "alice", "agent", github, "github-mcp"),
        granted("scope-brings-audience", "alice", "agent", byScope, "github-mcp"),
        granted(
            "url-audience",
            "alice",
            "agent",
            "grant: {scope: wiki, resource: []}, expect: {audience: [\"" + WIKI + "\"]}",
            WIKI),
        granted("two-scopes-asked", "alice", "agent", both, "github-mcp"),
        granted(
            "actor-not-demanded",
            "alice",
            "agent",
            actor + ", expect: {act: optional}",
            "jira-mcp"),
        granted("bob-may-jira", "bob", "agent", jira, "jira-mcp"),
        granted("secret-in-the-form", "alice", "post", jira, "jira-mcp"),
        granted("assertion", "alice@chat-app-two", "assertion", jira, "jira-mcp"),
        granted("over-tls", "alice@https", "secure", jira, "jira-mcp"),
        granted("dialled-elsewhere", "alice@elsewhere", "elsewhere", jira, "jira-mcp"),
        granted("agent-itself", "", "agent", asItself, "jira-mcp"),
        granted(
            "agent-for-nobody",
            "",
            "agent",
            jira
                + ", without_user: {type: client_credentials, "
                + "issuer: agent, scope: jira, audience: jira-mcp, resource: []}",
            "jira-mcp"),
        // The user lacks the role.
        refused("role-missing", "bob", byScope, "issued_audience"),
        refused("role-missing-for-audience", "bob", github, "invalid_request"),
        // Keycloak ignores what it does not know.
        refused(
            "nothing-asked",
            "alice",
            "grant: {resource: []}, expect: {audience: [github-mcp]}",
            "issued_audience"),
        refused("resource-alone", "alice", "grant: {}", "issued_audience"),
        refused(
            "resource-beside-scope",
            "alice",
            "grant: {scope: github, resource: \"" + WIKI + "\"}",
            "issued_audience"),
        refused("actor-ignored", "alice", actor, "issued_actor"),
        // The audience does not narrow the scope.
        refused(
            "scope-too-wide",
            "alice",
            both + ", expect: {scope: openid profile email github}",
            "issued_scope"),
        refused(
            "two-audiences",
            "alice",
            "grant: {scope: github jira, resource: []}, expect: {audience: [github-mcp]}",
            "issued_extra_audience"),
        refused(
            "stock-scopes-not-expected", "alice", jira + ", expect: {scope: jira}", "issued_scope"),
        // What Keycloak itself refuses.
        refused(
            "audience-without-scope",
            "alice",
            "grant: {audience: github-mcp, resource: []}",
            "invalid_request"),
        refused(
            "url-as-audience",
            "alice",
            "grant: {audience: \"" + WIKI + "\", scope: wiki, resource: []}",
            "invalid_client"),
        refused(
            "audience-unknown",
            "alice",
            "grant: {audience: nobody-mcp, resource: []}",
            "invalid_client"),
        refused(
            "scope-unknown",
            "alice",
            "grant: {audience: jira-mcp, scope: jira nonsense, resource: []}",
            "invalid_scope"),
        refused("without-exchange", "alice", "without-exchange", jira, "invalid_request"),
        refused("wrong-secret", "alice", "wrong-secret", jira, "unauthorized_client"),
        refused("client-unknown", "alice", "unknown-client", jira, "invalid_client"),
        refused("client-silent", "alice", "silent-client", jira, "unauthorized_client"),
        refused("client-anonymous", "alice", "anonymous-client", jira, "invalid_client"),
        refused("wrong-secret-of-its-own", "", "wrong-secret", asItself, "unauthorized_client"),
        // Not our user.
        refused("for-another-app", "alice@other-app", jira, "user_token_audience"),
        refused("not-for-this-client", "alice", "assertion", jira, "access_denied"),
        refused("nobody", "", jira, "no_user_token"));
  }

  @BeforeAll
  static void start() {
    keycloak = RealKeycloak.start();
    new KeycloakAdmin(keycloak)
        .add(
            List.of(),
            List.of(KEY.client("agent-two"), KeycloakAdmin.chatApp("chat-app-two", "agent-two")));
    upstream = McpServer.start("upstream");
    for (Row row : rows()) {
      USER_TOKENS.computeIfAbsent(row.user(), KeycloakExchangeIT::login);
    }
    gateway =
        Gateway.start(
            folder,
            Map.of(
                "secrets/agent",
                Keycloak.AGENT_SECRET + "\n",
                "secrets/wrong",
                "CANARY-wrong-secret\n",
                "secrets/actor",
                USER_TOKENS.get("bob") + "\n",
                "secrets/key.pem",
                KEY.pem()),
            issuers() + servers());
  }

  @AfterAll
  static void nothingLeaked() {
    if (gateway == null) {
      return;
    }
    try (McpServer server = upstream;
        Gateway both = gateway) {
      Leaks leaks = new Leaks();
      leaks.secrets("user token", USER_TOKENS.values().stream().filter(t -> !t.isEmpty()).toList());
      leaks.secret("client secret", Keycloak.AGENT_SECRET);
      leaks.assertNoneIn("the server's requests", server.requests().wireText());
      leaks.secrets("issued token", server.seenTokens());
      leaks.assertNoneIn("what valetkey and Envoy wrote", both.writings());
    }
  }

  @BeforeEach
  void forget() {
    upstream.requests().clear();
  }

  // R-TX-7, R-TX-9, R-TX-10
  @ParameterizedTest
  @MethodSource("rows")
  void answerOfKeycloak(Row row) {
    String token = USER_TOKENS.get(row.user());

    Gateway.Answer answer = gateway.call(row.server(), token.isEmpty() ? null : token);

    assertThat(answer.code()).as(answer.body()).isEqualTo(row.code());
    assertThat(answer.status()).isEqualTo(status(row.code()));
    assertThat(upstream.requests().count()).isEqualTo(row.code().isEmpty() ? 1 : 0);
    if (row.code().isEmpty()) {
      assertSeen(row, token);
    }
  }

  /** Within the clock skew we still ask; Keycloak itself says that the user's token has ended. */
  @Test
  void userTokenThatExpiredWithinTheSkewIsKeycloaksToJudge() {
    String short4s = keycloak.passwordToken("chat-app-short", "alice");
    Instant end = Instant.ofEpochSecond((long) Jwt.of(short4s).claims().get("exp"));
    Poll.until(
        Duration.ofSeconds(20), "the token's end", () -> Instant.now().isAfter(end.plusSeconds(1)));

    Gateway.Answer answer = gateway.call("bob-may-jira", short4s);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.code()).isEqualTo("invalid_request");
    assertThat(upstream.requests().count()).isZero();
  }

  @Test
  void revokedUserTokenIsKeycloaksToJudge() {
    String revoked = keycloak.passwordToken("chat-app", "alice");
    URI endpoint = URI.create(keycloak.issuer() + "/protocol/openid-connect/revoke");
    assertThat(Http.post(endpoint, Form.of("client_id", "chat-app", "token", revoked)).status())
        .isEqualTo(200);

    Gateway.Answer answer = gateway.call("two-scopes-asked", revoked);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.code()).isEqualTo("invalid_request");
    assertThat(upstream.requests().count()).isZero();
  }

  // R-TX-13
  @Test
  void serviceAccountIsTheAgentAndNoUser() {
    gateway.call("agent-itself", null);

    Jwt issued = Jwt.of(String.valueOf(upstream.requests().last().bearer()));
    assertThat(issued.claim("azp")).isEqualTo("agent");
    assertThat(issued.claim("preferred_username")).isEqualTo("service-account-agent");
  }

  @Test
  void forgedSignatureNeverReachesKeycloak() {
    String alice = USER_TOKENS.get("alice");
    String forged = alice.substring(0, alice.length() - 8) + "AAAAAAAA";

    Gateway.Answer answer = gateway.call("bob-may-jira", forged);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.code()).isEqualTo("user_token_signature");
  }

  @Test
  void secondCallComesFromTheCache() {
    gateway.call("audience-and-scope", USER_TOKENS.get("alice"));
    gateway.call("audience-and-scope", USER_TOKENS.get("alice"));

    assertThat(upstream.seenTokens()).hasSize(1);
    assertThat(upstream.requests().count()).isEqualTo(2);
  }

  private static void assertSeen(Row row, String userToken) {
    SeenRequest seen = upstream.requests().last();
    Jwt issued = Jwt.of(String.valueOf(seen.bearer()));
    assertThat(issued.audience()).containsExactly(row.audience());
    assertThat(seen.bearer()).isNotEqualTo(userToken);
    if (!userToken.isEmpty()) {
      assertThat(issued.claim("sub")).isEqualTo(Jwt.of(userToken).claim("sub"));
      assertThat(issued.claim("iss")).isEqualTo(Jwt.of(userToken).claim("iss"));
    }
    Set<String> stock = new TreeSet<>(issued.scope());
    assertThat(stock).contains("profile", "email");
  }

  private static int status(String code) {
    return switch (code) {
      case "" -> 200;
      case "no_user_token", "user_token_audience", "invalid_request" -> 401;
      case "invalid_client", "unauthorized_client" -> 503;
      default -> 403;
    };
  }

  private static String login(String user) {
    String[] parts = user.split("@", 2);
    return switch (parts.length == 1 ? "" : parts[1]) {
      case "" -> user.isEmpty() ? "" : keycloak.passwordToken("chat-app", user);
      case "https" -> keycloak.httpsPasswordToken("chat-app", parts[0]);
      case "elsewhere" -> publicToken(parts[0]);
      default -> keycloak.passwordToken(parts[1], parts[0]);
    };
  }

  /** A token of the issuer's public name: Keycloak believes the Host that it is asked by. */
  private static String publicToken(String user) {
    URI dialled = URI.create(keycloak.issuer() + "/protocol/openid-connect/token");
    Form form =
        Form.of(
            "grant_type",
            "password",
            "client_id",
            "chat-app",
            "username",
            user,
            "password",
            Issuer.password(user));
    Http.Response answer =
        Http.post(dialled, form, "Host", URI.create(PUBLIC_ISSUER).getRawAuthority());
    return String.valueOf(answer.json().get("access_token"));
  }

  private static String issuers() {
    String here = keycloak.issuer();
    String origin = here.substring(0, here.indexOf("/realms"));
    return """
    issuers:
      agent: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
      post: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent, token_endpoint_auth_method: client_secret_post}
      assertion: {issuer: "%1$s", allow_http: true, client_id: agent-two, private_key_file: secrets/key.pem, key_id: %5$s}
      without-exchange: {issuer: "%1$s", allow_http: true, client_id: agent-without-exchange, client_secret_file: secrets/agent}
      wrong-secret: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/wrong}
      unknown-client: {issuer: "%1$s", allow_http: true, client_id: nobody, client_secret_file: secrets/agent}
      silent-client: {issuer: "%1$s", allow_http: true, client_id: agent, token_endpoint_auth_method: none}
      anonymous-client: {issuer: "%1$s", allow_http: true, token_endpoint_auth_method: none}
      secure: {issuer: "%2$s", client_id: agent, client_secret_file: secrets/agent, tls: {ca_file: "%3$s"}}
      elsewhere: {issuer: "%4$s", connect_to: "%6$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
    users:
      - {issuer: agent, audience: [agent, agent-two]}
      - {issuer: secure}
      - {issuer: elsewhere}
    """
        .formatted(
            here, keycloak.httpsIssuer(), keycloak.ca(), PUBLIC_ISSUER, ClientKey.ID, origin);
  }

  private static String servers() {
    List<String> lines = new ArrayList<>(List.of("servers:"));
    for (Row row : rows()) {
      String rest = row.lines().replace("grant: {", "grant: {issuer: " + row.issuer() + ", ");
      lines.add(
          "  %1$s: {url: \"http://%1$s.example/mcp\", allow_http: true, upstream: {address: \"127.0.0.1:%2$d\"}, %3$s}"
              .formatted(row.server(), upstream.port(), rest));
    }
    return String.join("\n", lines) + "\n";
  }
}
