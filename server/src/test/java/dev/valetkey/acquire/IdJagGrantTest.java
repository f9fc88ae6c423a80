package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.oauth.Configs;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.testkit.Reply;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two issuers: {@code home} knows the user, {@code corp} gives the server's tokens
 * (draft-ietf-oauth-identity-assertion-authz-grant).
 */
class IdJagGrantTest extends TokenEndpointContract {
  private static final String ID_JAG = "urn:ietf:params:oauth:token-type:id-jag";

  private final Issuer home = Issuer.start();
  private User alice;

  @BeforeEach
  void signIn() {
    corp.trust(home);
    alice = Requests.user(home.issuer(), "alice", home.userToken("alice"));
  }

  @AfterEach
  void forget() {
    home.faults().clear();
    home.requests().clear();
  }

  @AfterAll
  void stopHome() {
    home.close();
  }

  @Override
  TokenRequest request() {
    return request("scope: repo:read, extra_parameters: {tenant: blue}");
  }

  @Override
  Rejection meaningOf(String code) {
    return ofUser(code);
  }

  @Override
  int questions() {
    return 2;
  }

  // R-EX-1, R-EX-2: audience names the server's issuer, resource the server.
  @Test
  void firstLegAsksTheUsersIssuerForAnAssertion() {
    granted();

    assertThat(home.exchanges().getLast())
        .isEqualTo(
            Form.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token",
                alice.userToken().text().reveal(),
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:id_token",
                "audience",
                corp.issuer(),
                "resource",
                "https://mcp.github.example/mcp",
                "scope",
                "repo:read",
                "requested_token_type",
                ID_JAG,
                "tenant",
                "blue"));
  }

  // R-EX-1
  @Test
  void secondLegShowsOnlyTheAssertionToTheServersIssuer() {
    granted();

    Form form = corp.tokenCalls().getLast().form();
    assertThat(form.names()).containsExactly("grant_type", "assertion", "scope");
    assertThat(form.first("grant_type")).isEqualTo("urn:ietf:params:oauth:grant-type:jwt-bearer");
    assertThat(form.first("assertion")).isEqualTo(home.userTokens().getLast());
    assertThat(form.first("scope")).isEqualTo("repo:read");
    assertThat(corp.requests().wireText()).doesNotContain(alice.userToken().text().reveal());
  }

  // R-MCP-11: both legs ask for the wider scope, and take it.
  @Test
  void scopeOfOneCallIsAskedForAtBoth() {
    TokenRequest usual = request();

    TokenOutcome outcome =
        acquirer.acquire(usual.of(usual.target().scoped(List.of("repo:write"))), time.deadline());

    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(home.exchanges().getLast().first("scope")).isEqualTo("repo:write");
    assertThat(corp.tokenCalls().getLast().form().first("scope")).isEqualTo("repo:write");
  }

  static Stream<Arguments> strangeAssertions() {
    return Stream.of(
        jag("for another issuer", Rejection.ISSUED_AUDIENCE, b -> b.claim("aud", "https://evil")),
        jag(
            "for two issuers",
            Rejection.ISSUED_EXTRA_AUDIENCE,
            b -> b.claim("aud", List.of(String.valueOf(b.claims().get("aud")), "https://evil"))),
        jag("for nobody", Rejection.ISSUED_AUDIENCE, b -> b.withoutClaim("aud")),
        jag("for another client", Rejection.ISSUED_AUDIENCE, b -> b.claim("client_id", "other")),
        jag("for no client", Rejection.ISSUED_AUDIENCE, b -> b.withoutClaim("client_id")),
        jag("of another user", Rejection.ISSUED_SUBJECT, b -> b.claim("sub", "bob")),
        jag("of another maker", Rejection.ISSUED_ISSUER, b -> b.claim("iss", "https://evil")),
        jag("of another type", Rejection.ISSUED_AUDIENCE, b -> b.header("typ", "at+jwt")),
        jag("without a type", Rejection.ISSUED_AUDIENCE, b -> b.withoutHeader("typ")),
        jag("expired", Rejection.ISSUED_EXPIRED, b -> b.expiresIn(Duration.ofMinutes(-5))));
  }

  // R-EX-1: typ, aud and client_id are looked at before anybody else sees it.
  @ParameterizedTest(name = "{0}")
  @MethodSource("strangeAssertions")
  void assertionThatIsNotForUsThereIsNeverShown(
      String name, Rejection rejection, UnaryOperator<JwtBuilder> change) {
    home.faults()
        .token(
            visit -> {
              Reply.Full unused = visit.normal().get();
              return assertion(
                  change
                      .apply(
                          home.jwt("alice")
                              .header("typ", "oauth-id-jag+jwt")
                              .claim("aud", corp.issuer()))
                      .signed());
            },
            1);

    assertThat(acquire()).as(name).isEqualTo(new TokenOutcome.Rejected(rejection));
    assertThat(corp.tokenCalls()).isEmpty();
  }

  // R-TX-3: only an id-jag is taken for one.
  @Test
  void answerThatIsAnotherKindOfTokenIsNoAnswer() {
    home.faults()
        .token(Fault.json(body -> body.put("issued_token_type", Requests.ACCESS_TOKEN)), 1);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
    assertThat(corp.tokenCalls()).isEmpty();
  }

  @Test
  void assertionWithoutAnEndInTheAnswerIsTaken() {
    home.faults().token(Fault.json(body -> body.remove("expires_in")), 1);

    assertThat(acquire()).isInstanceOf(TokenOutcome.Granted.class);
  }

  @Test
  void refusalOfTheUsersIssuerIsTheAnswer() {
    home.faults().token(Fault.oauthError("login_required"), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(Rejection.INTERACTION_REQUIRED));
    assertThat(corp.tokenCalls()).isEmpty();
  }

  // R-EX-3: an access token is first exchanged for the ID token that such issuers demand.
  @Test
  void subjectTokenMayComeFromAnotherGrant() {
    String yaml =
        issuers()
            + "grants: {id_token: {issuer: home, requested_token_type: jwt}}\n"
            + Written.server(
                "{type: id_jag, issuer: corp, identity_issuer: home, subject_token_from: id_token}");

    assertThat(acquirer.acquire(Written.request(folder, yaml, alice), time.deadline()))
        .isInstanceOf(TokenOutcome.Granted.class);
    assertThat(home.exchanges())
        .extracting(form -> form.first("subject_token"))
        .containsExactly(alice.userToken().text().reveal(), home.issuedTokens().getLast());
  }

  // R-MCP-9: the server named another of its issuers; an assertion for the first one is not its.
  @Test
  void assertionIsForTheIssuerThatTheServerNamed() {
    try (Issuer partner = Issuer.start()) {
      partner.trust(home);
      IssuerConfig other =
          Configs.limited(Configs.agent(partner, folder), Duration.ofSeconds(8), 4);
      TokenRequest request = request();

      TokenOutcome outcome =
          acquirer.acquire(request.of(request.target().at(other)), time.deadline());

      assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
      assertThat(home.exchanges().getLast().first("audience")).isEqualTo(partner.issuer());
      assertThat(partner.tokenCalls()).hasSize(1);
      assertThat(corp.tokenCalls()).isEmpty();
    }
  }

  // R-MCP-10
  @Test
  void otherScopeIsAskedForInBothLegs() {
    TokenRequest request = request();
    List<String> write = List.of("repo:write");

    TokenOutcome outcome =
        acquirer.acquire(request.of(request.target().scoped(write)), time.deadline());

    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(home.exchanges().getLast().first("scope")).isEqualTo("repo:write");
    assertThat(corp.tokenCalls().getLast().form().first("scope")).isEqualTo("repo:write");
  }

  private TokenRequest request(String keys) {
    String yaml =
        issuers()
            + Written.server("{type: id_jag, issuer: corp, identity_issuer: home, " + keys + "}");
    return Written.request(folder, yaml, alice);
  }

  private String issuers() {
    return "issuers:\n"
        + Written.issuer("home", home.issuer())
        + Written.issuer("corp", issuer.issuer());
  }

  private static Reply assertion(String token) {
    return Reply.json(
        Map.of("access_token", token, "issued_token_type", ID_JAG, "token_type", "N_A"));
  }

  private static Arguments jag(String name, Rejection rejection, UnaryOperator<JwtBuilder> change) {
    return arguments(name, rejection, change);
  }
}
