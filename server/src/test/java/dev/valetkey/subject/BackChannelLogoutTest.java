package dev.valetkey.subject;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.oauth.Configs;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.LogoutToken;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.subject.BackChannelLogout.Outcome;
import dev.valetkey.subject.SubjectResolver.Resolution;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import dev.valetkey.token.UserTokenFault;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** R-CA-4: OpenID Connect Back-Channel Logout 1.0 §2.7, what ends and what does not. */
class BackChannelLogoutTest {
  private static final Resolution SIGNED_OUT = new Resolution.Refused(UserTokenFault.INACTIVE);

  private final Issuer corp = Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private final List<Session> over = new ArrayList<>();
  private final Audit audit =
      new Audit(
          new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN),
          OutputStream.nullOutputStream(),
          time,
          new Metrics());
  private final Sessions sessions = new Sessions(time, audit, over::add);
  private final Logouts logouts = new Logouts(time);
  private VerifiedSubjects users;
  private BackChannelLogout logout;

  @BeforeEach
  void start(@TempDir Path folder) {
    UserRule rule =
        new UserRule(
            "corp",
            List.of("agent"),
            List.of("RS256"),
            "sid",
            false,
            OpaqueTokens.INTROSPECT,
            true,
            List.of("agent"));
    List<Rule> rules = List.of(new Rule(rule, issuers.of(Configs.agent(corp, folder))));
    users = VerifiedSubjects.remembering(rules, time, new KnownUsers(time), sessions, logouts);
    logout = new BackChannelLogout(rules, time, logouts, sessions, time::deadline);
  }

  @AfterEach
  void stop() {
    audit.close();
    issuers.close();
    corp.close();
  }

  // R-CA-4
  @Test
  void sessionOfTheSidEndsAndNoOther() {
    String laptop = signedIn("alice", "s1");
    String phone = signedIn("alice", "s2");
    Session ended = resolved(laptop).session();
    Session other = resolved(phone).session();

    assertThat(logout.receive(token(corp.logout().claim("sid", "s1")))).isEqualTo(Outcome.ENDED);

    assertThat(over).containsExactly(ended);
    assertThat(ended.hasEnded()).isTrue();
    assertThat(other.hasEnded()).isFalse();
    assertThat(sessions.list()).containsExactly(other);
    assertThat(users.known(digest(laptop))).isNull();
    assertThat(users.known(digest(phone))).isNotNull();
  }

  // R-CA-4
  @Test
  void allSessionsOfTheSubEndAndNobodyElses() {
    resolved(signedIn("alice", "s1"));
    resolved(signedIn("alice", "s2"));
    resolved(corp.jwt("alice").withoutClaim("sid").signed());
    Session bob = resolved(signedIn("bob", "s3")).session();

    assertThat(logout.receive(token(corp.logout().claim("sub", "alice")))).isEqualTo(Outcome.ENDED);

    assertThat(sessions.list()).containsExactly(bob);
    assertThat(over).hasSize(3);
  }

  @Test
  void sameNamesAtAnotherIssuerAreOthers() {
    Subject other =
        new Subject(
            "https://other.example",
            "alice",
            "s1",
            null,
            Set.of(),
            null,
            null,
            null,
            time.instant().plusSeconds(60));
    Session session = sessions.open(other, userToken(other), () -> false);

    logout.receive(token(corp.logout().claim("sub", "alice")));
    logout.receive(token(corp.logout().claim("sid", "s1")));

    assertThat(session.hasEnded()).isFalse();
    assertThat(logouts.covers(other, time.instant().minusSeconds(9))).isFalse();
  }

  @Test
  void sessionThatDoesNotSayItsSidEndsWithAnyOfItsUser() {
    String untold = corp.jwt("alice").withoutClaim("sid").signed();
    resolved(untold);
    Session other = resolved(signedIn("alice", "s2")).session();

    logout.receive(token(corp.logout().claim("sid", "s1").claim("sub", "alice")));

    assertThat(sessions.list()).containsExactly(other);
    assertThat(resolve(untold)).isEqualTo(SIGNED_OUT);
  }

  // R-CA-4, TM-FORGED
  @Test
  void tokenOfBeforeOpensNoSessionAgain() {
    String used = signedIn("alice", "s1");
    String unused = corp.jwt("alice").claim("sid", "s1").claim("jti", "other").signed();
    resolved(used);

    logout.receive(token(corp.logout().claim("sid", "s1")));

    assertThat(resolve(used)).isEqualTo(SIGNED_OUT);
    assertThat(resolve(unused)).isEqualTo(SIGNED_OUT);
    time.forward(Duration.ofMinutes(4));
    assertThat(resolve(used)).isEqualTo(SIGNED_OUT);
    assertThat(sessions.list()).isEmpty();
  }

  @Test
  void tokenWithoutBeginningIsTakenForOneOfBefore() {
    logout.receive(token(corp.logout().claim("sub", "alice")));

    assertThat(resolve(corp.jwt("alice").withoutClaim("iat").signed())).isEqualTo(SIGNED_OUT);
    assertThat(resolve(corp.jwt("bob").withoutClaim("iat").signed()))
        .isInstanceOf(Resolution.Resolved.class);
  }

  // R-CA-4
  @Test
  void nextSignInCounts() {
    logout.receive(token(corp.logout().claim("sub", "alice").issuedIn(Duration.ofSeconds(-2))));

    assertThat(resolve(corp.jwt("alice").issuedIn(Duration.ofSeconds(-2)).signed()))
        .isEqualTo(SIGNED_OUT);
    assertThat(resolve(corp.jwt("alice").issuedIn(Duration.ofSeconds(-1)).signed()))
        .isInstanceOf(Resolution.Resolved.class);
  }

  @Test
  void tokenOfBeforeDoesNotEndTheNextSignIn() {
    logout.receive(token(corp.logout().claim("sub", "alice").issuedIn(Duration.ofSeconds(-2))));
    Session next = resolved(corp.jwt("alice").withoutClaim("sid").signed()).session();

    JwtBuilder before = corp.jwt("alice").withoutClaim("sid").issuedIn(Duration.ofSeconds(-3));
    assertThat(resolve(before.signed())).isEqualTo(SIGNED_OUT);

    assertThat(next.hasEnded()).isFalse();
  }

  @Test
  void opaqueTokenThatTheIssuerStillAffirmsCounts() {
    String token = corp.opaqueUserToken(corp.jwt("alice").withoutClaim("iat"));
    logout.receive(token(corp.logout().claim("sub", "alice").issuedIn(Duration.ofSeconds(-2))));

    assertThat(resolve(token)).isInstanceOf(Resolution.Resolved.class);
  }

  @Test
  void opaqueTokenOfBeforeIsOver() {
    String token = corp.opaqueUserToken(corp.jwt("alice").claim("sid", "s1"));
    resolved(token);

    logout.receive(token(corp.logout().claim("sid", "s1")));

    assertThat(users.known(digest(token))).isNull();
    assertThat(resolve(token)).isEqualTo(SIGNED_OUT);
  }

  @Test
  void logoutTokenCountsOnce() {
    byte[] token = token(corp.logout().claim("sub", "alice").issuedIn(Duration.ofSeconds(-2)));
    assertThat(logout.receive(token)).isEqualTo(Outcome.ENDED);
    Session next = resolved(corp.userToken("alice")).session();

    assertThat(logout.receive(token)).isEqualTo(Outcome.INVALID);
    time.forward(Duration.ofMinutes(10));
    assertThat(logout.receive(token)).isEqualTo(Outcome.INVALID);

    assertThat(next.hasEnded()).isFalse();
  }

  @Test
  void logoutOfSomebodyWhoIsNotHereIsFine() {
    assertThat(logout.receive(token(corp.logout().claim("sub", "nobody"))))
        .isEqualTo(Outcome.ENDED);
  }

  @Test
  void forgedLogoutEndsNothing() {
    Session session = resolved(signedIn("alice", "s1")).session();

    assertThat(
            logout.receive(corp.logout().claim("sid", "s1").brokenSignature().getBytes(US_ASCII)))
        .isEqualTo(Outcome.INVALID);

    assertThat(session.hasEnded()).isFalse();
  }

  @Test
  void signInThatMeetsItsLogoutIsFoundByOneOfTheTwo() {
    Subject alice = subject("alice", "s1");

    Session session = sessions.open(alice, userToken(alice), () -> true);

    assertThat(session.hasEnded()).isTrue();
    assertThat(sessions.list()).isEmpty();
    assertThat(over).containsExactly(session);
  }

  @Test
  void logoutsAreRememberedForAWeek() {
    Instant now = time.instant();
    remember("j1", null, "alice", now);

    time.forward(Duration.ofDays(7).minusSeconds(10));
    assertThat(logouts.covers(subject("alice", null), now)).isTrue();
    time.forward(Duration.ofSeconds(20));
    assertThat(logouts.covers(subject("alice", null), now)).isFalse();
  }

  @Test
  void oldestLogoutsGoFirst() {
    Instant now = time.instant();
    for (int i = 0; i <= 50_000; i++) {
      remember("j" + i, "s" + i, null, now);
    }

    assertThat(logouts.covers(subject("x", "s0"), now)).isFalse();
    assertThat(logouts.covers(subject("x", "s1"), now)).isTrue();
    assertThat(logouts.covers(subject("x", "s50000"), now)).isTrue();
  }

  @Test
  void latestOfSeveralLogoutsCounts() {
    Instant now = time.instant();
    remember("j1", null, "alice", now);
    remember("j2", null, "alice", now.minusSeconds(60));

    assertThat(logouts.covers(subject("alice", "s9"), now)).isTrue();
    assertThat(logouts.covers(subject("alice", "s9"), now.plusSeconds(1))).isFalse();
  }

  private void remember(String id, String sid, String sub, Instant at) {
    assertThat(logouts.remember(new LogoutToken(corp.issuer(), sid, sub, id, at))).isTrue();
  }

  private Subject subject(String sub, String sid) {
    return new Subject(
        corp.issuer(), sub, sid, null, Set.of(), null, null, null, time.instant().plusSeconds(60));
  }

  private static Session.UserToken userToken(Subject subject) {
    Secret text = Secret.of("CANARY-token");
    TokenDigest kind = subject.keyPart(text.digest());
    return new Session.UserToken(text, text.digest(), kind, subject.expiresAt().toEpochMilli());
  }

  private String signedIn(String user, String sid) {
    return corp.jwt(user).claim("sid", sid).signed();
  }

  private static byte[] token(JwtBuilder makings) {
    return makings.signed().getBytes(US_ASCII);
  }

  private User resolved(String token) {
    return ((Resolution.Resolved) resolve(token)).user();
  }

  private Resolution resolve(String token) {
    byte[] bytes = token.getBytes(US_ASCII);
    return users.resolve(bytes, 0, bytes.length, digest(token), time.deadline());
  }

  private static TokenDigest digest(String token) {
    return TokenDigest.of(token.getBytes(US_ASCII));
  }
}
