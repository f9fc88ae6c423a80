package dev.valetkey.acquire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8693, and what is demanded of the issued token (design.md §5, hardening T17). */
class TokenExchangeGrantTest extends TokenEndpointContract {
  private static final GrantConfig.TokenExchange PLAIN = Requests.exchange(List.of("repo:read"));

  private User alice;

  @BeforeEach
  void signIn() {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
  }

  @Override
  TokenRequest request() {
    return request(PLAIN);
  }

  @Override
  Rejection meaningOf(String code) {
    return ofUser(code);
  }

  static Stream<Arguments> spoiltTokens() {
    return Stream.of(
        arguments("iss of another", Rejection.ISSUED_ISSUER, claim("iss", "https://evil.example")),
        arguments("no iss", Rejection.ISSUED_ISSUER, claim("iss", null)),
        arguments("no aud", Rejection.ISSUED_AUDIENCE, claim("aud", null)),
        arguments("aud of another", Rejection.ISSUED_AUDIENCE, claim("aud", "jira-mcp")),
        arguments("aud in capitals", Rejection.ISSUED_AUDIENCE, claim("aud", "GitHub-MCP")),
        arguments(
            "one aud too many",
            Rejection.ISSUED_EXTRA_AUDIENCE,
            claim("aud", List.of("github-mcp", "jira-mcp"))),
        arguments("sub of another", Rejection.ISSUED_SUBJECT, claim("sub", "bob")),
        arguments("no sub", Rejection.ISSUED_SUBJECT, claim("sub", null)),
        arguments("wider scope", Rejection.ISSUED_SCOPE, claim("scope", "repo:read repo:write")),
        arguments(
            "wider scope in an array",
            Rejection.ISSUED_SCOPE,
            claim("scope", List.of("repo:read", "repo:write"))),
        arguments(
            "wider scope in the answer alone",
            Rejection.ISSUED_SCOPE,
            Fault.json(body -> body.put("scope", "repo:read admin"))),
        arguments("exp long ago", Rejection.ISSUED_EXPIRED, claim("exp", 1_000_000_000L)),
        arguments("claims of wrong types", Rejection.ISSUED_FORMAT, claim("aud", 7)),
        arguments(
            "a JWT that cannot be read",
            Rejection.ISSUED_FORMAT,
            Fault.json(body -> body.put("access_token", "eyJhbGciOiJSUzI1NiJ9.bm9uc2Vuc2U.c2ln"))),
        arguments(
            "opaque",
            Rejection.ISSUED_FORMAT,
            Fault.json(body -> body.put("access_token", "CANARY-opaque"))));
  }

  // R-TX-6, R-TX-9, TM-REUSE
  @ParameterizedTest(name = "{0}")
  @MethodSource("spoiltTokens")
  void tokenThatIsNotAsExpectedIsRefused(String name, Rejection rejection, Fault fault) {
    corp.faults().token(fault, 1);

    assertThat(acquire()).as(name).isEqualTo(new TokenOutcome.Rejected(rejection));
  }

  static Stream<Arguments> harmlessTokens() {
    return Stream.of(
        arguments("Keycloak's default scopes", claim("scope", "repo:read openid profile email")),
        arguments("narrower scope", claim("scope", "")),
        arguments("scp", claim("scp", List.of("repo:read"))),
        arguments("aud as an array", claim("aud", List.of("github-mcp"))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("harmlessTokens")
  void harmlessDifferenceIsAccepted(String name, Fault fault) {
    corp.faults().token(fault, 1);

    assertThat(acquire()).as(name).isInstanceOf(TokenOutcome.Granted.class);
  }

  @Test
  void resourceThatTheIssuerIgnoredIsNoticed() {
    GrantConfig.TokenExchange grant =
        exchange(List.of(), List.of(URI.create("https://wiki.example/mcp")), null, null, null);
    corp.faults().token(claim("aud", "github-mcp"), 1);

    assertThat(acquirer.acquire(request(grant), time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE));
  }

  // R-TX-3
  @ParameterizedTest
  @ValueSource(strings = {"missing", "urn:ietf:params:oauth:token-type:id_token", "n_a"})
  void issuedTokenTypeIsRequired(String type) {
    corp.faults()
        .token(
            Fault.json(body -> {
              body.remove("issued_token_type");
              if (!type.equals("missing")) {
                body.put("issued_token_type", type);
              }
            }),
            1);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
  }

  // R-TX-3
  @Test
  void issuedTokenTypeMustBeTheOneThatWasAskedFor() {
    GrantConfig.TokenExchange grant =
        exchange(List.of("github-mcp"), List.of(), Requests.JWT, null, null);
    assertThat(acquirer.acquire(request(grant), time.deadline()))
        .isInstanceOf(TokenOutcome.Granted.class);
    corp.faults().token(Fault.json(b -> b.put("issued_token_type", Requests.ACCESS_TOKEN)), 1);

    assertThat(acquirer.acquire(request(grant), time.deadline()))
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
  }

  // R-TX-1
  @Test
  void formIsThatOfRfc8693() {
    granted();

    assertThat(corp.exchanges().getLast())
        .isEqualTo(
            Form.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token",
                alice.userToken().text().reveal(),
                "subject_token_type",
                Requests.ACCESS_TOKEN,
                "audience",
                "github-mcp",
                "resource",
                "https://mcp.github.example/mcp",
                "scope",
                "repo:read"));
  }

  // R-TX-1, KS2, R-MCP-10
  @Test
  void emptyFieldsAreLeftOutAndListsRepeated() {
    GrantConfig.TokenExchange grant =
        exchange(List.of("github-mcp", "other"), List.of(), null, null, null);

    acquirer.acquire(request(grant), time.deadline());

    assertThat(corp.exchanges().getLast().names())
        .containsExactly(
            "grant_type", "subject_token", "subject_token_type", "audience", "audience", "x");
  }

  @Test
  void actorIsSentWithItsTypeAndDemandedInTheToken() throws IOException {
    Path file = Files.writeString(folder.resolve("actor"), corp.userToken("robot") + "\n");
    GrantConfig.TokenExchange grant =
        exchange(List.of("github-mcp"), List.of(), null, file, Requests.JWT);

    assertThat(acquirer.acquire(request(grant), time.deadline()))
        .isInstanceOf(TokenOutcome.Granted.class);
    assertThat(corp.exchanges().getLast().first("actor_token_type")).isEqualTo(Requests.JWT);
    corp.faults().token(claim("act", null), 1);
    assertThat(acquirer.acquire(request(grant), time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_ACTOR));
  }

  // R-TX-6
  @Test
  void narrowerScopeIsUsedAndMarked() {
    corp.faults().token(Fault.json(body -> body.put("scope", "read")), 1);
    GrantConfig.TokenExchange wide = Requests.exchange(List.of("read", "write"));

    TokenOutcome outcome = acquirer.acquire(request(wide), time.deadline());
    audit.close();

    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    assertThat(auditLines.toString(UTF_8)).contains("granted", "scope_narrowed");
  }

  @Test
  void missingActorFileKeepsUsFromAsking() {
    GrantConfig.TokenExchange grant =
        exchange(List.of("a"), List.of(), null, folder.resolve("missing"), Requests.JWT);

    assertThat(acquirer.acquire(request(grant), time.deadline()))
        .isEqualTo(new TokenOutcome.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(5)));
    assertThat(corp.requests().all()).isEmpty();
  }

  @Test
  void opaqueTokenIsTakenWhereTheFileSaysSo() {
    corp.switches().opaqueTokens(true);
    ExpectConfig any =
        new ExpectConfig(
            null,
            List.of(),
            ExpectConfig.Sub.SAME,
            null,
            null,
            ExpectConfig.Act.OPTIONAL,
            null,
            ExpectConfig.Format.ANY,
            List.of(),
            ExpectConfig.TokenType.REQUIRED);
    TokenRequest request = Requests.request(PLAIN, any, issuer, alice, Duration.ZERO);

    assertThat(acquirer.acquire(request, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);

    // R-MCP-2: nothing else would tell the user's own token.
    String own = alice.userToken().text().reveal();
    corp.faults().token(Fault.json(body -> body.put("access_token", own)), 1);
    assertThat(acquirer.acquire(request, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE));
  }

  @Test
  void withoutAUserTheIssuerIsNotAsked() {
    TokenRequest nobody =
        Requests.request(PLAIN, Requests.expected(PLAIN, issuer), issuer, null, Duration.ZERO);

    assertThat(acquirer.acquire(nobody, time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ACCESS_DENIED));
    assertThat(corp.requests().all()).isEmpty();
  }

  private static Fault claim(String name, @Nullable Object value) {
    return Fault.issuedClaims(claims -> claims.put(name, value));
  }

  private TokenRequest request(GrantConfig.TokenExchange grant) {
    return Requests.request(grant, Requests.expected(grant, issuer), issuer, alice, Duration.ZERO);
  }

  private static GrantConfig.TokenExchange exchange(
      List<String> audience,
      List<URI> resource,
      @Nullable String requestedType,
      @Nullable Path actor,
      @Nullable String actorType) {
    return new GrantConfig.TokenExchange(
        "corp",
        audience,
        resource,
        List.of(),
        requestedType,
        Requests.ACCESS_TOKEN,
        null,
        null,
        actor,
        null,
        actorType,
        Map.of("x", "y"));
  }
}
