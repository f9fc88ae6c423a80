package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.SeenRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The story with the demo's own issuer. */
final class OwnIssuerStory {
  private static final String TYPE = "urn:ietf:params:oauth:token-type:";

  private final Stage stage;
  private final OwnIssuer signIn;
  private final Issuer issuer;
  private final Page page;
  private final Scenes scenes;
  private final Agent agent;

  OwnIssuerStory(Stage stage, OwnIssuer signIn, Page page) {
    this.stage = stage;
    this.signIn = signIn;
    this.issuer = signIn.issuer();
    this.page = page;
    this.scenes = new Scenes(stage, signIn, page);
    this.agent = stage.agent();
  }

  void play() {
    String alice = signIn.login("alice");
    page.chapter("Alice's agent calls three MCP servers, in plain HTTP, each with her own token");
    Agent.Answer first = scenes.call("github", alice, "Alice");
    scenes.call("jira", alice, "Alice");
    scenes.call("weather", alice, "Alice");

    page.chapter("The token that went in, and what each server saw");
    page.table(
        List.of(
            row("agent sent", "travel-agent", "alice", "openid profile", "-", Claims.of(alice)),
            row("github saw", "github-mcp", "alice", "repo:read", "travel-agent", seen("github")),
            row("jira saw", "jira-mcp", "alice", "issues:read", "-", seen("jira")),
            new Page.Row("weather saw", Claims.NO_TOKEN, seen("weather"))));

    page.chapter("What valetkey sent to the issuer to get github's token (RFC 8693)");
    tokenRequest(alice);

    page.chapter("github again: the token comes from the cache");
    long calls = issuer.tokenCalls().size();
    scenes.fromTheCache("github", alice, first.took());
    issuerCalls(calls, 0, "all 50 from the cache");

    page.chapter("Bob beside Alice, 20 calls each to github at the same time");
    String bob = signIn.login("bob");
    calls = issuer.tokenCalls().size();
    scenes.sideBySide("github", Map.of("alice", alice, "bob", bob), 20);
    issuerCalls(calls, 1, "Bob's; his 20 calls shared it");
    page.table(
        List.of(
            row("Alice's", "github-mcp", "alice", "repo:read", "travel-agent", newest("alice")),
            row("Bob's", "github-mcp", "bob", "repo:read", "travel-agent", newest("bob"))));

    page.chapter("github revokes Alice's token: a 401 that the agent never sees");
    agent.call(Stage.host("github"), alice);
    calls = issuer.tokenCalls().size();
    scenes.healed("github", alice);
    issuerCalls(calls, 1, "for the new token");

    page.chapter("What is refused, and why");
    calls = issuer.tokenCalls().size();
    scenes.unlisted(alice);
    String expired = signIn.expiredToken("alice");
    Agent.Answer late = agent.call(Stage.host("github"), expired);
    scenes.refused("github with an expired user token", late, 401, "user_token_expired");
    issuerCalls(calls, 0, "a refusal needs none");

    page.chapter("Who saw what");
    scenes.nothingLeaked();
  }

  /** The form, field by field, and how the client proved itself. */
  private void tokenRequest(String userToken) {
    SeenRequest request =
        issuer.tokenCalls().stream()
            .filter(call -> "github-mcp".equals(call.form().first("audience")))
            .findFirst()
            .orElseThrow();
    page.check(
        isOurClient(request.header("authorization")),
        "POST " + OwnIssuer.ISSUER + request.path() + ", Authorization: Basic *** (travel-agent)",
        "the client's id and secret, form-encoded");
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    expected.put("subject_token", userToken);
    expected.put("subject_token_type", TYPE + "access_token");
    expected.put("actor_token", signIn.actorToken());
    expected.put("actor_token_type", TYPE + "jwt");
    expected.put("audience", "github-mcp");
    expected.put("resource", "https://" + Stage.host("github") + "/mcp");
    expected.put("scope", "repo:read");
    for (Form.Field field : request.form().fields()) {
      String value = String.valueOf(expected.remove(field.name()));
      page.same(
          field.name(),
          masked(field.name(), value, value),
          masked(field.name(), value, field.value()));
    }
    expected.keySet().forEach(name -> page.check(false, name + " is missing", "it is sent"));
  }

  private static String masked(String name, String expected, String value) {
    return switch (name) {
      case "subject_token" ->
          value.equals(expected) ? "*** (Alice's token)" : "*** (another token)";
      case "actor_token" ->
          value.equals(expected) ? "*** (the agent's own)" : "*** (another token)";
      default -> value;
    };
  }

  /** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
  private static boolean isOurClient(@Nullable String authorization) {
    if (authorization == null || !authorization.startsWith("Basic ")) {
      return false;
    }
    String[] pair =
        new String(Base64.getDecoder().decode(authorization.substring(6)), StandardCharsets.UTF_8)
            .split(":", 2);
    return pair.length == 2
        && OwnIssuer.CLIENT.equals(URLDecoder.decode(pair[0], StandardCharsets.UTF_8))
        && OwnIssuer.CLIENT_SECRET.equals(URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
  }

  private void issuerCalls(long before, long expected, String meaning) {
    long calls = issuer.tokenCalls().size() - before;
    page.check(
        calls == expected,
        "calls to the issuer: " + calls + " (" + meaning + ")",
        String.valueOf(expected));
  }

  private Claims seen(String server) {
    return Claims.in(scenes.last(server));
  }

  private Claims newest(String user) {
    List<Claims> ofUser =
        stage.server("github").requests().all().stream()
            .map(Claims::in)
            .filter(claims -> claims.sub().equals(user))
            .toList();
    return ofUser.isEmpty() ? Claims.NO_TOKEN : ofUser.getLast();
  }

  private static Page.Row row(
      String label, String aud, String sub, String scope, String act, Claims actual) {
    return new Page.Row(
        label, new Claims(Claims.origin(OwnIssuer.ISSUER), aud, sub, scope, act), actual);
  }
}
