package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.token.UserTokenFault;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6: what a logout token must be. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogoutTokenVerifierTest {
  private static final String EVENT = "http://schemas.openid.net/event/backchannel-logout";

  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final dev.valetkey.testkit.Issuer silent = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private LogoutTokenVerifier verifier;

  @BeforeAll
  void start(@TempDir Path folder) {
    verifier =
        new LogoutTokenVerifier(
            List.of(
                rule("corp", issuers.of(Configs.agent(corp, folder)), true),
                rule("silent", issuers.of(Configs.agent(silent, folder)), false)),
            time);
  }

  private static UserTokenVerifier.Rule rule(String name, Issuer issuer, boolean logout) {
    UserRule rule =
        new UserRule(
            name,
            List.of("some-api"),
            List.of("RS256", "ES256"),
            "sid",
            false,
            OpaqueTokens.REFUSE,
            logout,
            List.of("agent", "portal"));
    return new UserTokenVerifier.Rule(rule, issuer);
  }

  @AfterAll
  void stop() {
    issuers.close();
    corp.close();
    silent.close();
  }

  private static Arguments good(String what, Function<JwtBuilder, String> change) {
    return arguments(what, change);
  }

  static Stream<Arguments> goodTokens() {
    return Stream.of(
        good("sid and sub", JwtBuilder::signed),
        good("sid alone", j -> j.withoutClaim("sub").signed()),
        good("sub alone", j -> j.withoutClaim("sid").signed()),
        good("no typ", j -> j.withoutHeader("typ").signed()),
        good("typ JWT", j -> j.header("typ", "JWT").signed()),
        good("typ in capitals", j -> j.header("typ", "LOGOUT+JWT").signed()),
        good("typ of Keycloak in the claims", j -> j.claim("typ", "Logout").signed()),
        good("no exp", j -> j.withoutClaim("exp").signed()),
        good("several aud", j -> j.audience("other", "agent").signed()),
        good("another client that is listed", j -> j.audience("portal").signed()),
        good("4 min old", j -> j.issuedIn(Duration.ofMinutes(-4)).signed()),
        good("from a clock that is ahead", j -> j.issuedIn(Duration.ofSeconds(50)).signed()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goodTokens")
  void logoutTokenIsTaken(String what, Function<JwtBuilder, String> change) {
    assertThat(verify(change.apply(logout())))
        .as(what)
        .isInstanceOf(LogoutVerification.Verified.class);
  }

  @Test
  void itSaysWhoHasSignedOutAndWhen() {
    Instant now = time.instant().truncatedTo(ChronoUnit.SECONDS);
    String token = logout().claim("jti", "j1").claim("iat", now.getEpochSecond()).signed();

    assertThat(verify(token))
        .isEqualTo(
            new LogoutVerification.Verified(
                new LogoutToken(corp.issuer(), "s1", "alice", "j1", now)));
  }

  private static Arguments bad(
      String what, UserTokenFault fault, Function<JwtBuilder, String> forgery) {
    return arguments(what, fault, forgery);
  }

  static Stream<Arguments> badTokens() {
    return Stream.of(
        bad("alg none", UserTokenFault.ALGORITHM, JwtBuilder::unsigned),
        bad(
            "HS256 with the public key",
            UserTokenFault.ALGORITHM,
            JwtBuilder::signedWithPublicKeyAsSecret),
        bad("broken signature", UserTokenFault.SIGNATURE, JwtBuilder::brokenSignature),
        bad(
            "a stranger's key",
            UserTokenFault.SIGNATURE,
            j -> j.signer(Algorithm.RS256, Algorithm.RS256.newKeyPair().getPrivate()).signed()),
        bad("jku", UserTokenFault.TYPE, j -> j.header("jku", "https://evil.example/k").signed()),
        bad("typ of an access token", UserTokenFault.TYPE, j -> j.header("typ", "at+jwt").signed()),
        bad("garbage", UserTokenFault.MALFORMED, j -> "garbage"),
        bad("JWE", UserTokenFault.MALFORMED, JwtBuilder::encrypted),
        bad("too long", UserTokenFault.MALFORMED, j -> j.claim("x", "x".repeat(20_000)).signed()),
        bad(
            "another iss",
            UserTokenFault.ISSUER,
            j -> j.claim("iss", "https://e.example").signed()),
        bad("no iss", UserTokenFault.ISSUER, j -> j.withoutClaim("iss").signed()),
        bad("for another client", UserTokenFault.AUDIENCE, j -> j.audience("chat-app").signed()),
        bad(
            "for an audience of user tokens",
            UserTokenFault.AUDIENCE,
            j -> j.audience("some-api").signed()),
        bad("no aud", UserTokenFault.AUDIENCE, j -> j.withoutClaim("aud").signed()),
        bad("no events", UserTokenFault.TYPE, j -> j.withoutClaim("events").signed()),
        bad(
            "another event",
            UserTokenFault.TYPE,
            j -> j.claim("events", Map.of("https://e.example/login", Map.of())).signed()),
        bad(
            "event as text",
            UserTokenFault.TYPE,
            j -> j.claim("events", Map.of(EVENT, "")).signed()),
        bad("events a list", UserTokenFault.TYPE, j -> j.claim("events", List.of(EVENT)).signed()),
        bad("nonce", UserTokenFault.TYPE, j -> j.claim("nonce", "n").signed()),
        bad("nonce null", UserTokenFault.TYPE, j -> j.claim("nonce", null).signed()),
        bad("no jti", UserTokenFault.MALFORMED, j -> j.withoutClaim("jti").signed()),
        bad("empty jti", UserTokenFault.MALFORMED, j -> j.claim("jti", "").signed()),
        bad("jti a number", UserTokenFault.MALFORMED, j -> j.claim("jti", 1).signed()),
        bad(
            "neither sid nor sub",
            UserTokenFault.SUBJECT,
            j -> j.withoutClaim("sid").withoutClaim("sub").signed()),
        bad("sid a number", UserTokenFault.MALFORMED, j -> j.claim("sid", 1).signed()),
        bad("empty sid", UserTokenFault.MALFORMED, j -> j.claim("sid", "").signed()),
        bad("empty sub", UserTokenFault.MALFORMED, j -> j.claim("sub", "").signed()),
        bad("no iat", UserTokenFault.MALFORMED, j -> j.withoutClaim("iat").signed()),
        bad(
            "iat to come",
            UserTokenFault.NOT_YET_VALID,
            j -> j.issuedIn(Duration.ofMinutes(2)).signed()),
        bad("6 min old", UserTokenFault.EXPIRED, j -> j.issuedIn(Duration.ofMinutes(-6)).signed()),
        bad("expired", UserTokenFault.EXPIRED, j -> j.expiresIn(Duration.ofSeconds(-61)).signed()));
  }

  // R-CA-4
  @ParameterizedTest(name = "{0}")
  @MethodSource("badTokens")
  void whatIsNoLogoutTokenForUsIsRefused(
      String what, UserTokenFault fault, Function<JwtBuilder, String> forgery) {
    assertThat(verify(forgery.apply(logout())))
        .as(what)
        .isEqualTo(new LogoutVerification.Invalid(fault));
  }

  @Test
  void userTokenIsNoLogoutToken() {
    assertThat(verify(corp.userToken("alice")))
        .isEqualTo(new LogoutVerification.Invalid(UserTokenFault.TYPE));
  }

  @Test
  void issuerThatMayNotSendThemIsNotHeard() {
    assertThat(verify(silent.logout().claim("sub", "alice").signed()))
        .isEqualTo(new LogoutVerification.Invalid(UserTokenFault.ISSUER));
  }

  @Test
  void keysThatCannotBeFetchedLeaveItOpen(@TempDir Path other) {
    try (dev.valetkey.testkit.Issuer down = dev.valetkey.testkit.Issuer.start()) {
      down.faults().jwks(Fault.status(500), Faults.ALWAYS);
      Issuer issuer = issuers.of(Configs.agent(down, other));
      LogoutTokenVerifier asking =
          new LogoutTokenVerifier(List.of(rule("down", issuer, true)), time);
      String token = down.logout().claim("sub", "alice").signed();

      assertThat(asking.verify(token.getBytes(US_ASCII), time.deadline()))
          .isEqualTo(new LogoutVerification.Invalid(UserTokenFault.KEYS_UNAVAILABLE));
    }
  }

  private JwtBuilder logout() {
    return corp.logout().claim("sid", "s1").claim("sub", "alice");
  }

  private LogoutVerification verify(String token) {
    return verifier.verify(token.getBytes(US_ASCII), time.deadline());
  }
}
