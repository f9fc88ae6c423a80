package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Servers that say which issuer and which scope their tokens are from (RFC 9728): believed as far
 * as the configuration names both. Every test has a server of its own, because what servers say is
 * kept for minutes.
 */
@Timeout(60)
final class NegotiationIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final String WELL_KNOWN = "/.well-known/oauth-protected-resource";
  private static final String BOTH =
      "discovery: {issuers: [corp, partner], allow_loopback_http: true}";
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;

  @BeforeAll
  static void start() {
    PodFile file = new PodFile().partner();
    for (String name :
        List.of(
            "named",
            "rooted",
            "told",
            "strange",
            "silent",
            "false",
            "moving",
            "mute",
            "listing",
            "wanting",
            "widening")) {
      file.server(name, "{audience: " + name + "-mcp}", name + "-mcp", BOTH)
          .at("http://" + Pod.host(name) + ":PORT");
    }
    pod = file.start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  // R-MCP-5, R-MCP-9, R-RI-3
  @Test
  void issuerThatTheServersMetadataNamesGivesTheToken() {
    says("named", WELL_KNOWN + "/mcp", pod.partner().issuer());

    Http.Response answer = call("named", newUser());

    assertThat(answer.status()).isEqualTo(200);
    assertThat(lastToken("named").claim("iss")).isEqualTo(pod.partner().issuer());
    assertThat(exchanges(pod.issuer(), "named")).isEmpty();
  }

  // R-MCP-5
  @Test
  void metadataOfTheOriginCountsWhereThePathHasNone() {
    says("rooted", WELL_KNOWN, pod.partner().issuer());

    assertThat(call("rooted", newUser()).status()).isEqualTo(200);

    assertThat(lastToken("rooted").claim("iss")).isEqualTo(pod.partner().issuer());
    assertThat(places("rooted")).containsExactly(WELL_KNOWN + "/mcp", WELL_KNOWN);
  }

  // R-MCP-5
  @Test
  void placeThatAChallengeNamesCountsBeforeTheWellKnownOnes() {
    String user = newUser();
    says("told", WELL_KNOWN + "/mcp", pod.issuer().issuer());
    says("told", "/elsewhere", pod.partner().issuer());
    assertThat(call("told", user).status()).isEqualTo(200);

    refuse(
        "told", "error=\"invalid_token\", resource_metadata=\"" + url("told", "/elsewhere") + "\"");
    assertThat(call("told", user).status()).isEqualTo(401);

    awaitIssuer("told", user, pod.partner());
    assertThat(places("told")).containsExactly(WELL_KNOWN + "/mcp", "/elsewhere");
  }

  // R-RI-3, R-MCP-2, TM-METADATA
  @Test
  void strangerInTheMetadataIsSentNothing() {
    says("strange", WELL_KNOWN + "/mcp", pod.evil().url("/realms/test"));

    Http.Response answer = call("strange", newUser());

    assertThat(answer.status()).isEqualTo(403);
    assertThat(Agent.code(answer)).isEqualTo("issuer_not_allowed");
    assertThat(pod.evil().connections()).isZero();
    assertThat(posts("strange")).isEmpty();
  }

  // R-RI-3
  @Test
  void firstIssuerThatIsAllowedCountsAndNotTheStrangerBeforeIt() {
    says("named", WELL_KNOWN + "/mcp", pod.evil().url("/"), pod.partner().issuer());

    assertThat(call("named", newUser()).status()).isEqualTo(200);

    assertThat(pod.evil().connections()).isZero();
  }

  @Test
  void serverWithoutMetadataIsUnavailable() {
    McpServer silent = pod.server("silent");
    silent.publish(WELL_KNOWN + "/mcp", Reply.text(500, "down"));

    Http.Response answer = call("silent", newUser());

    assertThat(answer.status()).isEqualTo(503);
    assertThat(Agent.code(answer)).isEqualTo("server_metadata");
    assertThat(answer.header("retry-after")).isEqualTo("5");
    assertThat(posts("silent")).isEmpty();
  }

  // R-MCP-6
  @Test
  void metadataOfAnotherResourceIsNone() {
    Map<String, Object> document = document("false", pod.issuer().issuer());
    document.put("resource", url("false", "/mc"));
    pod.server("false").publish(WELL_KNOWN + "/mcp", Reply.json(document));

    Http.Response answer = call("false", newUser());

    assertThat(answer.status()).isEqualTo(503);
    assertThat(Agent.code(answer)).isEqualTo("server_metadata");
    assertThat(posts("false")).isEmpty();
  }

  // R-MCP-9
  @Test
  void serverThatMovesToAnotherIssuerSeesNothingOfTheOldOne() {
    String user = newUser();
    says("moving", WELL_KNOWN + "/mcp", pod.issuer().issuer());
    assertThat(call("moving", user).status()).isEqualTo(200);
    String old = lastToken("moving").text();

    says("moving", WELL_KNOWN + "/mcp", pod.partner().issuer());
    refuse("moving", "error=\"invalid_token\"");
    assertThat(call("moving", user).status()).isEqualTo(401);
    awaitIssuer("moving", user, pod.partner());
    int before = exchanges(pod.issuer(), "moving").size();
    pod.server("moving").requests().clear();

    assertThat(call("moving", user).status()).isEqualTo(200);
    assertThat(call("moving", newUser()).status()).isEqualTo(200);

    assertThat(pod.server("moving").seenTokens().contains(old)).isFalse();
    assertThat(pod.server("moving").seenTokens())
        .allSatisfy(
            token -> assertThat(Jwt.of(token).claim("iss")).isEqualTo(pod.partner().issuer()));
    assertThat(exchanges(pod.issuer(), "moving")).hasSize(before);
    // Its own client, or the partner would have refused.
    assertThat(lastToken("moving").claim("azp")).isEqualTo("agent-at-partner");
    assertThat(pod.partner().requests().wireText()).doesNotContain(encodedSecret());
  }

  // R-MCP-10, R-MCP-3
  @Test
  void scopeIsLeftOutWhereNobodyNamesOne() {
    says("mute", WELL_KNOWN + "/mcp", pod.issuer().issuer());

    assertThat(call("mute", newUser()).status()).isEqualTo(200);

    Form form = exchanges(pod.issuer(), "mute").getLast();
    assertThat(form.names()).doesNotContain("scope");
    assertThat(form.all("resource")).containsExactly(url("mute", "/mcp"));
  }

  // R-MCP-10
  @Test
  void scopeOfTheMetadataIsAskedForWithoutOfflineAccess() {
    Map<String, Object> document = document("listing", pod.issuer().issuer());
    document.put("scopes_supported", List.of("files:read", "offline_access", "files:list"));
    pod.server("listing").publish(WELL_KNOWN + "/mcp", Reply.json(document));

    assertThat(call("listing", newUser()).status()).isEqualTo(200);

    assertThat(exchanges(pod.issuer(), "listing").getLast().all("scope"))
        .containsExactly("files:read files:list");
  }

  // R-MCP-10
  @Test
  void scopeOfTheChallengeOutranksTheMetadata() {
    String user = newUser();
    Map<String, Object> document = document("wanting", pod.issuer().issuer());
    document.put("scopes_supported", List.of("all"));
    pod.server("wanting").publish(WELL_KNOWN + "/mcp", Reply.json(document));
    assertThat(call("wanting", user).status()).isEqualTo(200);

    refuse("wanting", "error=\"invalid_token\", scope=\"files:read\"");
    assertThat(call("wanting", user).status()).isEqualTo(401);

    awaitScope("wanting", user, "files:read");
  }

  // R-MCP-10, R-MCP-11: only step_up_scope widens what a user's tokens may do.
  @Test
  void scopeThatOneUserLacksIsNotAskedForEverybody() {
    Map<String, Object> document = document("widening", pod.issuer().issuer());
    document.put("scopes_supported", List.of("read"));
    pod.server("widening").publish(WELL_KNOWN + "/mcp", Reply.json(document));
    String user = newUser();
    assertThat(call("widening", user).status()).isEqualTo(200);

    pod.server("widening")
        .refuseNext(
            1,
            Reply.text(403, "too little")
                .and("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"admin\""));
    assertThat(call("widening", user).status()).isEqualTo(403);
    int before = exchanges(pod.issuer(), "widening").size();
    Poll.until(
        SOON,
        "a token in place of the one that was refused",
        () ->
            call("widening", user).status() == 200
                && exchanges(pod.issuer(), "widening").size() > before);
    call("widening", newUser());

    assertThat(exchanges(pod.issuer(), "widening").stream().flatMap(f -> f.all("scope").stream()))
        .containsOnly("read");
  }

  private static Http.Response call(String server, String user) {
    return pod.agent().call(server, user);
  }

  private static String newUser() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }

  private static String url(String server, String path) {
    return "http://" + Pod.host(server) + ":" + pod.server(server).port() + path;
  }

  private static Map<String, Object> document(String server, String... issuers) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("resource", url(server, "/mcp"));
    document.put("authorization_servers", List.of(issuers));
    return document;
  }

  private static void says(String server, String place, String... issuers) {
    pod.server(server).publish(place, Reply.json(document(server, issuers)));
  }

  /** The first attempt and the second, so that the agent sees it. */
  private static void refuse(String server, String challenge) {
    pod.server(server)
        .refuseNext(2, Reply.text(401, "no").and("WWW-Authenticate", "Bearer " + challenge));
  }

  private static void awaitIssuer(String server, String user, Issuer issuer) {
    Poll.until(
        SOON,
        "a token of " + issuer.issuer(),
        () ->
            call(server, user).status() == 200
                && issuer.issuer().equals(lastToken(server).claim("iss")));
  }

  private static void awaitScope(String server, String user, String scope) {
    Poll.until(
        SOON,
        "a token for " + scope,
        () ->
            call(server, user).status() == 200
                && lastToken(server).scope().equals(List.of(scope.split(" "))));
  }

  private static Jwt lastToken(String server) {
    return Jwt.of(String.valueOf(posts(server).getLast().bearer()));
  }

  private static List<SeenRequest> posts(String server) {
    return pod.server(server).requests().where(r -> r.method().equals("POST"));
  }

  /** Where its metadata was looked for, in order. */
  private static List<String> places(String server) {
    return pod.server(server).requests().where(r -> r.method().equals("GET")).stream()
        .map(SeenRequest::path)
        .toList();
  }

  private static List<Form> exchanges(Issuer issuer, String server) {
    return issuer.exchanges().stream()
        .filter(form -> form.all("audience").contains(server + "-mcp"))
        .toList();
  }

  private static String encodedSecret() {
    return URLEncoder.encode(Issuer.AGENT_SECRET, UTF_8);
  }
}
