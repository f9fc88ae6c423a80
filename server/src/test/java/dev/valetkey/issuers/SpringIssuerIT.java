package dev.valetkey.issuers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.McpServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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

/**
 * Spring Authorization Server, which knows {@code resource}, actors and {@code may_act}. The user
 * carol lets only the client {@code front-desk} act for her, dave only {@code agent}.
 */
@Timeout(60)
final class SpringIssuerIT {
  private static final String EXCHANGE = "token-exchange";
  private static final String CREDENTIALS = "client_credentials";

  @TempDir private static Path folder;
  private static SpringProcess spring;
  private static McpServer upstream;
  private static Gateway gateway;
  private static final Map<String, String> USER_TOKENS = new LinkedHashMap<>();

  /** What each server's section says beside its address. */
  private static final Map<String, String> SERVERS = new LinkedHashMap<>();

  static {
    String byFile = "grant: {issuer: agent, scope: read, actor_token_file: secrets/actor}";
    String byGrant = "grant: {issuer: agent, scope: read, actor_token_from: workload}";
    SERVERS.put("plain", "grant: {issuer: agent, scope: read}");
    SERVERS.put("without-scope", "grant: {issuer: agent}");
    SERVERS.put(
        "two-resources",
        "grant: {issuer: agent, resource: [\"http://one.example/mcp\", \"http://two.example/mcp\"]}");
    SERVERS.put("also-audience", "grant: {issuer: agent, audience: github-mcp}");
    SERVERS.put(
        "both-expected",
        "grant: {issuer: agent, audience: github-mcp}, expect: {audience: [github-mcp, \"http://both-expected.example/mcp\"]}");
    SERVERS.put(
        "nothing-named", "grant: {issuer: agent, resource: []}, expect: {audience: [github-mcp]}");
    SERVERS.put("scope-unknown", "grant: {issuer: agent, scope: admin}");
    SERVERS.put("scope-not-expected", "grant: {issuer: agent}, expect: {scope: write}");
    SERVERS.put("without-exchange", "grant: {issuer: without-exchange}");
    SERVERS.put("wrong-secret", "grant: {issuer: wrong-secret}");
    SERVERS.put("by-file", byFile + ", expect: {act_sub: agent}");
    SERVERS.put("by-grant", byGrant + ", expect: {act_sub: agent}");
    SERVERS.put("other-actor-expected", byGrant + ", expect: {act_sub: front-desk}");
    SERVERS.put("nobody-acts", "grant: {issuer: agent, scope: read}, expect: {act: required}");
    SERVERS.put(
        "agent-itself",
        "grant: {type: client_credentials, issuer: agent, scope: read}, expect: {audience: [agent]}");
    SERVERS.put(
        "agent-itself-for-resource",
        "grant: {type: client_credentials, issuer: agent, scope: read}");
  }

  @BeforeAll
  static void start() {
    spring = SpringProcess.start(folder);
    for (String user : List.of("alice", "carol", "dave")) {
      USER_TOKENS.put(user, spring.userToken(user));
    }
    USER_TOKENS.put(
        "alice through the front desk", spring.delegatedToken(USER_TOKENS.get("alice"), "agent"));
    USER_TOKENS.put(
        "alice for somebody else", spring.delegatedToken(USER_TOKENS.get("alice"), "other"));
    upstream = McpServer.start("upstream");
    gateway =
        Gateway.start(
            folder,
            Map.of(
                "secrets/agent",
                SpringProcess.secret("agent"),
                "secrets/without-exchange",
                SpringProcess.secret("agent-without-exchange"),
                "secrets/wrong",
                "CANARY-wrong-secret",
                "secrets/actor",
                spring.ownToken("agent")),
            sections());
  }

  @AfterAll
  static void nothingLeaked() {
    if (gateway == null) {
      return;
    }
    try (SpringProcess issuer = spring;
        McpServer server = upstream;
        Gateway both = gateway) {
      Leaks leaks = new Leaks();
      USER_TOKENS.forEach((user, token) -> leaks.secret("token of " + user, token));
      leaks.secret("client secret", SpringProcess.secret("agent"));
      leaks.assertNoneIn("the server's requests", server.requests().wireText());
      leaks.secrets("issued token", server.seenTokens());
      leaks.assertNoneIn("what valetkey and Envoy wrote", both.writings());
      leaks.assertNoneIn("what the issuer wrote", issuer.writings());
    }
  }

  @BeforeEach
  void forget() {
    upstream.requests().clear();
  }

  /** A call that is refused, and how. */
  private record Refusal(String server, String user, int status, String code) {
    @Override
    public String toString() {
      return server + " " + user + ": " + code;
    }
  }

  private static List<Refusal> refusals() {
    return List.of(
        new Refusal("plain", "alice for somebody else", 401, "user_token_audience"),
        new Refusal("also-audience", "alice", 403, "issued_extra_audience"),
        // Spring names the client where nobody named anything.
        new Refusal("nothing-named", "alice", 403, "issued_audience"),
        new Refusal("agent-itself-for-resource", "alice", 403, "issued_audience"),
        new Refusal("scope-unknown", "alice", 403, "invalid_scope"),
        new Refusal("scope-not-expected", "alice", 403, "issued_scope"),
        new Refusal("nobody-acts", "alice", 403, "issued_actor"),
        new Refusal("other-actor-expected", "alice", 403, "issued_actor"),
        new Refusal("without-exchange", "alice", 503, "unauthorized_client"),
        new Refusal("wrong-secret", "alice", 503, "invalid_client"),
        // Her token demands an actor, and there is none.
        new Refusal("plain", "carol", 401, "invalid_grant"));
  }

  // R-TX-7, R-TX-8, R-TX-9
  @ParameterizedTest
  @MethodSource("refusals")
  void whatSpringRefusesOrWidensIsRefused(Refusal row) {
    Gateway.Answer answer = gateway.call(row.server(), USER_TOKENS.get(row.user()));

    assertThat(answer.code()).as(answer.body()).isEqualTo(row.code());
    assertThat(answer.status()).isEqualTo(row.status());
    assertThat(upstream.requests().count()).isZero();
  }

  // R-MCP-3, R-RI-1
  @Test
  void tokenIsForTheResourceThatWasAskedFor() {
    Jwt issued = granted("plain", "alice");

    assertThat(issued.audience()).containsExactly("http://plain.example/mcp");
    assertThat(issued.claim("sub")).isEqualTo("alice");
    assertThat(issued.claim("iss")).isEqualTo(spring.issuer());
    assertThat(issued.claims()).doesNotContainKey("act");
  }

  @Test
  void everyResourceAndAudienceArrives() {
    assertThat(granted("two-resources", "alice").audience())
        .containsExactly("http://one.example/mcp", "http://two.example/mcp");
    assertThat(granted("both-expected", "alice").audience())
        .containsExactlyInAnyOrder("github-mcp", "http://both-expected.example/mcp");
  }

  /** Spring writes {@code scope} as an array into its tokens, the user's and the issued one. */
  @Test
  void scopeMayBeAnArray() {
    Jwt issued = granted("without-scope", "alice");

    assertThat(Jwt.of(USER_TOKENS.get("alice")).claims().get("scope")).isEqualTo(List.of("read"));
    assertThat(issued.claims().get("scope")).isEqualTo(List.of("read"));
  }

  // R-TX-10
  @Test
  void actorFromAFileStandsInTheToken() {
    assertThat(actor(granted("by-file", "alice"))).containsEntry("sub", "agent");
  }

  // R-TX-10, R-TX-13
  @Test
  void actorFromAnotherGrantStandsInTheToken() {
    int before = spring.asked().size();

    assertThat(actor(granted("by-grant", "dave"))).containsEntry("sub", "agent");
    assertThat(askedSince(before)).containsExactly(CREDENTIALS, EXCHANGE);
  }

  // R-TX-10
  @Test
  void ofAChainOfActorsOnlyTheOutermostCounts() {
    Map<String, Object> act = actor(granted("by-file", "alice through the front desk"));

    assertThat(act).containsEntry("sub", "agent");
    assertThat(Json.object(act, "act")).containsEntry("sub", "front-desk");
    Gateway.Answer answer =
        gateway.call("other-actor-expected", USER_TOKENS.get("alice through the front desk"));
    assertThat(answer.code()).isEqualTo("issued_actor");
  }

  // R-TX-10
  @Test
  void actorWhomTheUserDidNotNameIsRefusedBeforeTheIssuerIsAsked() {
    int before = spring.asked().size();

    Gateway.Answer answer = gateway.call("by-file", USER_TOKENS.get("carol"));

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.code()).isEqualTo("may_act");
    assertThat(askedSince(before)).isEmpty();
    assertThat(upstream.requests().count()).isZero();
  }

  // R-TX-10
  @Test
  void actorOfAnotherGrantIsHeldToMayActToo() {
    int before = spring.asked().size();

    Gateway.Answer answer = gateway.call("by-grant", USER_TOKENS.get("carol"));

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.code()).isEqualTo("may_act");
    assertThat(askedSince(before)).doesNotContain(EXCHANGE);
  }

  @Test
  void actorWhomTheUserNamedMayAct() {
    assertThat(actor(granted("by-file", "dave"))).containsEntry("sub", "agent");
  }

  // R-TX-13
  @Test
  void agentItselfHasATokenOfItsOwn() {
    Gateway.Answer answer = gateway.call("agent-itself", null);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(seen().claim("sub")).isEqualTo("agent");
  }

  // R-TX-8
  @Test
  void forgedSignatureIsRefusedBeforeTheIssuerIsAsked() {
    int before = spring.asked().size();
    String alice = USER_TOKENS.get("alice");

    Gateway.Answer answer =
        gateway.call("plain", alice.substring(0, alice.length() - 8) + "AAAAAAAA");

    assertThat(answer.code()).isEqualTo("user_token_signature");
    assertThat(askedSince(before)).isEmpty();
  }

  private static Jwt granted(String server, String user) {
    Gateway.Answer answer = gateway.call(server, USER_TOKENS.get(user));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return seen();
  }

  private static Jwt seen() {
    return Jwt.of(String.valueOf(upstream.requests().last().bearer()));
  }

  private static Map<String, Object> actor(Jwt issued) {
    return Json.object(issued.claims(), "act");
  }

  private static List<String> askedSince(int before) {
    List<String> asked = spring.asked();
    return asked.subList(before, asked.size());
  }

  private static String sections() {
    List<String> lines = new ArrayList<>();
    lines.add(
        """
        issuers:
          agent: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
          without-exchange: {issuer: "%1$s", allow_http: true, client_id: agent-without-exchange, client_secret_file: secrets/without-exchange}
          wrong-secret: {issuer: "%1$s", allow_http: true, client_id: agent, client_secret_file: secrets/wrong}
        users: [{issuer: agent}]
        grants:
          workload: {type: client_credentials, issuer: agent}
        servers:\
        """
            .formatted(spring.issuer()));
    SERVERS.forEach((name, rest) ->
        lines.add(
            "  %1$s: {url: \"http://%1$s.example/mcp\", allow_http: true, upstream: {address: \"127.0.0.1:%2$d\"}, %3$s}"
                .formatted(name, upstream.port(), rest)));
    return String.join("\n", lines) + "\n";
  }
}
