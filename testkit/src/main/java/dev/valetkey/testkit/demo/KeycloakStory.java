package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Jwt;
import java.util.List;

/** The story with a real Keycloak: it decides by roles, and knows no actors. */
final class KeycloakStory {
  private final RealKeycloak signIn;
  private final Page page;
  private final Scenes scenes;
  private final Agent agent;

  KeycloakStory(Stage stage, RealKeycloak signIn, Page page) {
    this.signIn = signIn;
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
            row("agent sent", "agent", alice, "email profile", Claims.of(alice)),
            row("github saw", "github-mcp", alice, "email github profile", seen("github")),
            row("jira saw", "jira-mcp", alice, "email jira profile", seen("jira")),
            new Page.Row("weather saw", Claims.NO_TOKEN, seen("weather"))));

    page.chapter("github again: the token comes from the cache");
    scenes.fromTheCache("github", alice, first.took());

    page.chapter("Bob beside Alice: he may use jira, but has no role for github");
    String bob = signIn.login("bob");
    scenes.call("jira", bob, "Bob");
    page.table(List.of(row("jira saw", "jira-mcp", bob, "email jira profile", seen("jira"))));
    page.check(
        signIn.audienceOf(bob, "github").isEmpty(),
        "for github Keycloak answers 200, with a token that names no audience",
        "a token without audience");
    Agent.Answer noRole = agent.call(Stage.host("github"), bob);
    scenes.refused("valetkey reads the token, and refuses", noRole, 403, "issued_audience");

    page.chapter("github revokes Alice's token: a 401 that the agent never sees");
    scenes.healed("github", alice);

    page.chapter("What is refused, and why");
    scenes.unlisted(alice);
    String other = signIn.login("alice", "other-app");
    Agent.Answer notForUs = agent.call(Stage.host("github"), other);
    scenes.refused(
        "github with a token for another application", notForUs, 401, "user_token_audience");

    page.chapter("Who saw what");
    scenes.nothingLeaked();
  }

  private Claims seen(String server) {
    return Claims.in(scenes.last(server));
  }

  private Page.Row row(String label, String aud, String userToken, String scope, Claims actual) {
    String subject = Claims.shortened(Jwt.of(userToken).claim("sub"));
    return new Page.Row(
        label,
        new Claims(Claims.origin(signIn.issuer()), aud, subject, scope, Claims.ABSENT),
        actual);
  }
}
