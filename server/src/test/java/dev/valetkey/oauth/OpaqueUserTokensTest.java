package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.Copies;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.UserTokenFault;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7662: user tokens that only their issuer can read. */
class OpaqueUserTokensTest {
  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  @TempDir private Path folder;
  private Issuer issuer;

  @BeforeEach
  void start() {
    issuer = issuers.of(Configs.limited(Configs.agent(corp, folder), Duration.ofMillis(800), 4));
    issuer.prepare(time.deadline());
  }

  @AfterEach
  void stop() {
    issuers.close();
    corp.close();
  }

  // R-TX-8, R-IA-6
  @Test
  void activeTokenIsTheUsersWithAllThatTheIssuerSays() {
    String token = corp.opaqueUserToken(corp.jwt("alice").claim("sid", "s1").claim("acr", "2"));

    Verification verification = verify(token);

    Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(300);
    assertThat(verification)
        .isInstanceOfSatisfying(
            Verification.Verified.class,
            verified -> {
              Subject subject = verified.subject();
              assertThat(subject.issuer()).isEqualTo(corp.issuer());
              assertThat(subject.sub()).isEqualTo("alice");
              assertThat(subject.isNamed()).isTrue();
              assertThat(subject.sid()).isEqualTo("s1");
              assertThat(subject.client()).isEqualTo("chat-app");
              assertThat(subject.scope()).isEqualTo(Set.of("openid", "profile"));
              assertThat(subject.acr()).isEqualTo("2");
              assertThat(subject.expiresAt()).isBetween(end.minusSeconds(5), end.plusSeconds(1));
            });
    Form sent = corp.introspections().getFirst().form();
    assertThat(sent.first("token")).isEqualTo(token);
    assertThat(sent.first("token_type_hint")).isEqualTo("access_token");
    assertThat(corp.introspections().getFirst().header("authorization")).startsWith("Basic ");
  }

  // R-CA-1: a revoked token counts no longer than this
  @Test
  void yesCountsForAMinuteAtMost() {
    Instant before = time.instant();

    Verification.Verified verified = verified(verify(corp.opaqueUserToken("alice")));

    assertThat(verified.until()).isBetween(before.plusSeconds(60), before.plusSeconds(62));
  }

  @Test
  void yesCountsNoLongerThanTheToken() {
    String token = corp.opaqueUserToken(corp.jwt("alice").expiresIn(Duration.ofSeconds(20)));

    Verification.Verified verified = verified(verify(token));

    assertThat(verified.until()).isEqualTo(verified.subject().expiresAt());
  }

  @Test
  void tokenWithoutEndHasAShortOne() {
    String token = corp.opaqueUserToken(corp.jwt("alice").withoutClaim("exp"));
    Instant before = time.instant();

    Verification.Verified verified = verified(verify(token));

    assertThat(verified.subject().expiresAt())
        .isBetween(before.plusSeconds(300), before.plusSeconds(302));
  }

  private static Arguments refused(
      String what, UserTokenFault fault, UnaryOperator<JwtBuilder> change) {
    return arguments(what, fault, change);
  }

  static Stream<Arguments> refusedAnswers() {
    return Stream.of(
        refused("expired", UserTokenFault.INACTIVE, j -> j.expiresIn(Duration.ofSeconds(-1))),
        refused("aud of another", UserTokenFault.AUDIENCE, j -> j.audience("stranger")),
        refused(
            "aud of another, client_id ours",
            UserTokenFault.AUDIENCE,
            j -> j.audience("stranger").claim("client_id", "agent")),
        refused(
            "no aud, client_id of another",
            UserTokenFault.AUDIENCE,
            j -> j.withoutClaim("aud").claim("client_id", "stranger")),
        refused(
            "no aud, no client_id",
            UserTokenFault.AUDIENCE,
            j -> j.withoutClaim("aud").withoutClaim("client_id")),
        refused("another iss", UserTokenFault.ISSUER, j -> j.claim("iss", "https://evil.example")),
        refused("no sub", UserTokenFault.SUBJECT, j -> j.withoutClaim("sub")),
        refused("empty sub", UserTokenFault.SUBJECT, j -> j.claim("sub", "")),
        refused("sub with a line break", UserTokenFault.SUBJECT, j -> j.claim("sub", "a\nb")),
        refused("token_type N_A", UserTokenFault.TYPE, j -> j.claim("token_type", "N_A")),
        refused("token_type DPoP", UserTokenFault.TYPE, j -> j.claim("token_type", "DPoP")),
        refused(
            "a refresh token", UserTokenFault.TYPE, j -> j.claim("token_type", "refresh_token")),
        refused("token_type a number", UserTokenFault.TYPE, j -> j.claim("token_type", 1)),
        refused(
            "token_use refresh_token",
            UserTokenFault.TYPE,
            j -> j.claim("token_use", "refresh_token")),
        refused("typ Refresh", UserTokenFault.TYPE, j -> j.claim("typ", "Refresh")),
        refused("an ID token", UserTokenFault.TYPE, j -> j.claim("at_hash", "x")),
        refused(
            "nbf to come", UserTokenFault.NOT_YET_VALID, j -> j.notBeforeIn(Duration.ofMinutes(5))),
        refused("sid a number", UserTokenFault.MALFORMED, j -> j.claim("sid", 7)),
        refused("exp text", UserTokenFault.ISSUER_ANSWER, j -> j.claim("exp", "tomorrow")),
        refused("aud a number", UserTokenFault.ISSUER_ANSWER, j -> j.claim("aud", 5)));
  }

  // R-TX-8
  @ParameterizedTest(name = "{0}")
  @MethodSource("refusedAnswers")
  void activeTokenThatIsNoUsersIsRefused(
      String what, UserTokenFault fault, UnaryOperator<JwtBuilder> change) {
    String token = corp.opaqueUserToken(change.apply(corp.jwt("alice")));

    assertThat(verify(token)).as(what).isEqualTo(new Verification.Invalid(fault));
  }

  static Stream<Arguments> acceptedAnswers() {
    return Stream.of(
        arguments(
            "no aud, client_id ours",
            change(j -> j.withoutClaim("aud").claim("client_id", "agent"))),
        arguments("no iss", change(j -> j.withoutClaim("iss"))),
        arguments("token_type in small letters", change(j -> j.claim("token_type", "bearer"))),
        arguments("token_type access_token", change(j -> j.claim("token_type", "access_token"))),
        arguments("token_use access_token", change(j -> j.claim("token_use", "access_token"))),
        arguments("several aud", change(j -> j.audience("other", "agent"))));
  }

  private static UnaryOperator<JwtBuilder> change(UnaryOperator<JwtBuilder> change) {
    return change;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("acceptedAnswers")
  void whatMayBeLeftOutMayBeLeftOut(String what, UnaryOperator<JwtBuilder> change) {
    String token = corp.opaqueUserToken(change.apply(corp.jwt("alice")));

    assertThat(verify(token)).as(what).isInstanceOf(Verification.Verified.class);
  }

  private static Arguments answer(String what, UserTokenFault fault, Fault answer) {
    return arguments(what, fault, answer);
  }

  private static Fault json(Consumer<Map<String, Object>> change) {
    return Fault.json(change);
  }

  static Stream<Arguments> noAnswers() {
    UserTokenFault bad = UserTokenFault.ISSUER_ANSWER;
    UserTokenFault down = UserTokenFault.ISSUER_UNAVAILABLE;
    UserTokenFault stranger = UserTokenFault.CLIENT_REFUSED;
    return Stream.of(
        answer("active as text", bad, json(body -> body.put("active", "true"))),
        answer("active 1", bad, json(body -> body.put("active", 1))),
        answer("no active", bad, json(body -> body.remove("active"))),
        answer("error beside active", bad, json(body -> body.put("error", "x"))),
        answer("HTML", bad, Fault.html()),
        answer("204", bad, Fault.noContent()),
        answer("cut JSON", bad, Fault.truncated()),
        answer("active twice", bad, Fault.text(t -> t.replaceFirst("\\{", "{\"active\":true,"))),
        answer("300 KiB", bad, Fault.oversize(300 << 10)),
        answer("gzip", bad, Fault.gzip()),
        answer("redirect", bad, Fault.redirect(307, "http://127.0.0.1:1/")),
        answer("404", bad, Fault.status(404)),
        answer("403", bad, Fault.status(403)),
        answer("401", stranger, Fault.status(401)),
        answer("invalid_client", stranger, Fault.oauthError("invalid_client")),
        answer("500", down, Fault.status(500)),
        answer("503", down, Fault.status(503)),
        answer("429", down, Fault.status(429, "Retry-After", "2")),
        answer("connection cut", down, Fault.cutOff()),
        answer("silence", down, Fault.hang()));
  }

  // R-BC-5
  @ParameterizedTest(name = "{0}")
  @MethodSource("noAnswers")
  void whatIsNoAnswerIsNoYes(String what, UserTokenFault fault, Fault answer) {
    corp.faults().introspection(answer, Faults.ALWAYS);

    assertThat(verify(corp.opaqueUserToken("alice")))
        .as(what)
        .isEqualTo(new Verification.Invalid(fault));
  }

  // R-TX-14
  @Test
  void manyCallsWithOneTokenAskOnce() throws Exception {
    corp.faults().introspection(Fault.delay(Duration.ofMillis(300)), Faults.ALWAYS);
    String token = corp.opaqueUserToken("alice");

    List<Verification> verifications = together(50, () -> verify(token));

    assertThat(verifications).allMatch(Verification.Verified.class::isInstance);
    assertThat(corp.introspections()).hasSize(1);
  }

  // R-IA-6
  @Test
  void noIsRememberedForAMoment() {
    String token = corp.opaqueUserToken("alice");
    corp.revoke(token);

    for (int i = 0; i < 5; i++) {
      assertThat(verify(token)).isEqualTo(new Verification.Invalid(UserTokenFault.INACTIVE));
    }
    assertThat(corp.introspections()).hasSize(1);
    time.forward(Duration.ofSeconds(10));
    verify(token);
    assertThat(corp.introspections()).hasSize(2);
  }

  @Test
  void failureIsNotRememberedAsANo() {
    corp.faults().introspection(Fault.status(500), 1);
    String token = corp.opaqueUserToken("alice");
    verify(token);

    assertThat(verify(token)).isInstanceOf(Verification.Verified.class);
  }

  // TM-EXHAUST
  @Test
  void inventedTokensLeaveHalfOfTheConnectionsToOthers() throws Exception {
    corp.faults().introspection(Fault.delay(Duration.ofMillis(100)), Faults.ALWAYS);
    corp.server().resetCounts();

    together(20, () -> verify("CANARY-invented-" + Math.random()));

    assertThat(corp.server().maxInFlight()).isEqualTo(2);
  }

  @Test
  void issuerThatKeepsFailingIsLeftAlone() {
    corp.faults().introspection(Fault.status(500), Faults.ALWAYS);
    for (int i = 0; i < 10; i++) {
      verify(corp.opaqueUserToken("alice"));
    }

    assertThat(corp.introspections()).hasSize(3);
    assertThat(issuer.token(dev.valetkey.oauth.Form.EMPTY, time.deadline()))
        .isInstanceOf(TokenAnswer.Unavailable.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a,b", "a\"b", "ä", "a\nb", ""})
  void whatIsNoBearerTokenIsNotShownToTheIssuer(String token) {
    assertThat(verify(token)).isEqualTo(new Verification.Invalid(UserTokenFault.MALFORMED));
    assertThat(corp.introspections()).isEmpty();
  }

  @Test
  void tokenOfMoreThan16KiBIsNotShownToTheIssuer() {
    assertThat(verify("a".repeat(16 * 1024 + 1)))
        .isEqualTo(new Verification.Invalid(UserTokenFault.MALFORMED));
    assertThat(corp.introspections()).isEmpty();
  }

  static Stream<Arguments> spoiltJwts() {
    return Stream.of(
        arguments("expired", change(j -> j.expiresIn(Duration.ofHours(-1))), ""),
        arguments("padded", change(j -> j), "="),
        arguments("four parts", change(j -> j), ".x"),
        arguments("illegal character", change(j -> j), "~"));
  }

  // R-TX-8: introspection is no second chance
  @ParameterizedTest(name = "{0}")
  @MethodSource("spoiltJwts")
  void spoiltJwtIsNotShownToTheIssuer(
      String what, UnaryOperator<JwtBuilder> change, String behind) {
    String token = change.apply(corp.jwt("alice")).signed() + behind;

    for (OpaqueTokens mode : OpaqueTokens.values()) {
      assertThat(verify(mode, token)).as(what).isInstanceOf(Verification.Invalid.class);
    }
    assertThat(verify(OpaqueTokens.EXCHANGE_VALIDATES, corp.jwt("alice").encrypted()))
        .isEqualTo(new Verification.Invalid(UserTokenFault.TYPE));
    assertThat(corp.introspections()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(OpaqueTokens.class)
  void jwtsAreVerifiedAsEver(OpaqueTokens mode) {
    assertThat(verify(mode, corp.userToken("alice"))).isInstanceOf(Verification.Verified.class);
    assertThat(corp.introspections()).isEmpty();
  }

  @Test
  void withoutTheOperatorsWordAnOpaqueTokenIsNobodys() {
    assertThat(verify(OpaqueTokens.REFUSE, corp.opaqueUserToken("alice")))
        .isEqualTo(new Verification.Invalid(UserTokenFault.MALFORMED));
    assertThat(corp.introspections()).isEmpty();
  }

  // R-CA-1: hash-of-token cache keys only
  @Test
  void whatOnlyTheExchangeCanJudgeIsKnownByItsHash() {
    String one = corp.opaqueUserToken("alice");
    String other = corp.opaqueUserToken("alice");

    Subject subject = unjudged(one).subject();

    assertThat(subject.isNamed()).isFalse();
    assertThat(subject.unnamed()).isEqualTo(TokenDigest.of(one.getBytes(UTF_8)));
    assertThat(subject.sub()).startsWith("token ").doesNotContain("CANARY");
    assertThat(subject.sessionId()).isEqualTo(unjudged(one).subject().sessionId());
    assertThat(subject.sessionId()).isNotEqualTo(unjudged(other).subject().sessionId());
    assertThat(subject.keyPart(subject.sessionId()))
        .isNotEqualTo(unjudged(other).subject().keyPart(subject.sessionId()));
    assertThat(subject.sessionId()).isNotEqualTo(unjudged(other).subject().sessionId());
    assertThat(corp.introspections()).isEmpty();
  }

  @Test
  void endpointMayBePinned() {
    IssuerConfig pinned = pinned(corp.introspectionEndpoint());
    corp.faults().metadata(Fault.status(500), Faults.ALWAYS);

    assertThat(verify(OpaqueTokens.INTROSPECT, issuers.of(pinned), corp.opaqueUserToken("alice")))
        .isInstanceOf(Verification.Verified.class);
  }

  /** Its yes does not count for a rule that asks elsewhere. */
  @Test
  void ruleThatAsksElsewhereIsAnotherRule() {
    Issuer elsewhere = issuers.of(pinned(URI.create("https://elsewhere.test/introspect")));
    Issuer here = issuers.of(pinned(corp.introspectionEndpoint()));
    UserRule rule = rule(OpaqueTokens.INTROSPECT);

    assertThat(new UserTokenVerifier.Rule(rule, elsewhere).digest())
        .isNotEqualTo(new UserTokenVerifier.Rule(rule, here).digest());
  }

  @Test
  void metadataWithoutEndpointIsNoAnswer() {
    corp.faults()
        .metadata(Fault.json(body -> body.remove("introspection_endpoint")), Faults.ALWAYS);
    Issuer fresh =
        issuers.of(Configs.limited(Configs.agent(corp, folder), Duration.ofMillis(900), 4));

    assertThat(verify(OpaqueTokens.INTROSPECT, fresh, corp.opaqueUserToken("alice")))
        .isEqualTo(new Verification.Invalid(UserTokenFault.ISSUER_ANSWER));
  }

  @Test
  void explainingWithoutTheIssuerLeavesItOpen() {
    assertThat(
            verifier(OpaqueTokens.INTROSPECT, issuer)
                .inspect("CANARY-x".getBytes(UTF_8), 0, "CANARY-x".length()))
        .isEqualTo(new Verification.Invalid(UserTokenFault.ISSUER_UNAVAILABLE));
    assertThat(corp.introspections()).isEmpty();
  }

  private IssuerConfig pinned(URI endpoint) {
    return Copies.of(Configs.agent(corp, folder), "introspectionEndpoint", endpoint);
  }

  private static List<Verification> together(int callers, Callable<Verification> call)
      throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return threads.invokeAll(Collections.nCopies(callers, call)).stream()
          .map(Future::resultNow)
          .toList();
    }
  }

  private Verification.Unjudged unjudged(String token) {
    return (Verification.Unjudged) verify(OpaqueTokens.EXCHANGE_VALIDATES, token);
  }

  private static Verification.Verified verified(Verification verification) {
    return (Verification.Verified) verification;
  }

  private Verification verify(String token) {
    return verify(OpaqueTokens.INTROSPECT, token);
  }

  private Verification verify(OpaqueTokens mode, String token) {
    return verify(mode, issuer, token);
  }

  private Verification verify(OpaqueTokens mode, Issuer at, String token) {
    byte[] bytes = ("Bearer " + token + "!").getBytes(UTF_8);
    return verifier(mode, at).verify(bytes, 7, bytes.length - 1, time.deadline());
  }

  private UserTokenVerifier verifier(OpaqueTokens mode, Issuer at) {
    return new UserTokenVerifier(List.of(new UserTokenVerifier.Rule(rule(mode), at)), time);
  }

  private static UserRule rule(OpaqueTokens mode) {
    return new UserRule(
        "corp", List.of("agent"), List.of("RS256"), "sid", false, mode, false, List.of());
  }
}
