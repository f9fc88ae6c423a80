package dev.valetkey.subject;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.oauth.Configs;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.subject.SubjectResolver.Resolution;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.token.Session;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import dev.valetkey.token.UserTokenFault;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is remembered of users whose tokens are opaque, and for how long. */
class OpaqueSubjectsTest {
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
  private final KnownUsers known = new KnownUsers(time);
  @TempDir private Path folder;

  @AfterEach
  void stop() {
    audit.close();
    issuers.close();
    corp.close();
  }

  // R-IA-6, R-CA-1
  @Test
  void issuerIsAskedOnceAMinute() {
    VerifiedSubjects users = users(OpaqueTokens.INTROSPECT);
    String token = corp.opaqueUserToken("alice");
    User alice = resolved(users, token);

    assertThat(users.known(digest(token))).isSameAs(alice);
    time.forward(Duration.ofSeconds(58));
    assertThat(users.known(digest(token))).isSameAs(alice);
    time.forward(Duration.ofSeconds(3));
    assertThat(users.known(digest(token))).isNull();

    assertThat(resolved(users, token).session()).isSameAs(alice.session());
    assertThat(corp.introspections()).hasSize(2);
  }

  // R-IA-6: active:false
  @Test
  void revokedTokenCountsNoLongerThanAMinute() {
    VerifiedSubjects users = users(OpaqueTokens.INTROSPECT);
    String token = corp.opaqueUserToken("alice");
    resolved(users, token);

    corp.revoke(token);
    time.forward(Duration.ofSeconds(61));

    assertThat(users.known(digest(token))).isNull();
    assertThat(resolve(users, token)).isEqualTo(new Resolution.Refused(UserTokenFault.INACTIVE));
  }

  @Test
  void sessionIsThatOfTheUsersOtherTokens() {
    VerifiedSubjects users = users(OpaqueTokens.INTROSPECT);
    String jwt = corp.jwt("alice").claim("sid", "s1").signed();
    String opaque = corp.opaqueUserToken(corp.jwt("alice").claim("sid", "s1"));

    assertThat(resolved(users, opaque).session()).isSameAs(resolved(users, jwt).session());
  }

  @Test
  void tokenWithoutEndLivesAsLongAsTheIssuerSaysYes() {
    VerifiedSubjects users = users(OpaqueTokens.INTROSPECT);
    String token = corp.opaqueUserToken(corp.jwt("alice").withoutClaim("exp"));
    Session session = resolved(users, token).session();

    for (int i = 0; i < 10; i++) {
      time.forward(Duration.ofSeconds(61));
      resolved(users, token);
    }

    assertThat(session.live(time.millis())).isTrue();
    assertThat(over).isEmpty();
  }

  // R-CA-1: keys from the token's hash alone
  @Test
  void whatTheExchangeValidatesIsRememberedNowhere() {
    VerifiedSubjects users = users(OpaqueTokens.EXCHANGE_VALIDATES);
    String one = corp.opaqueUserToken("alice");
    String other = corp.opaqueUserToken("alice");

    User first = resolved(users, one);
    User second = resolved(users, other);

    assertThat(first.keyPart()).isNotEqualTo(second.keyPart());
    assertThat(first.session().id()).isNotEqualTo(second.session().id());
    assertThat(first.userToken().text().reveal()).isEqualTo(one);
    assertThat(sessions.list()).isEmpty();
    assertThat(known.get(digest(one))).isNull();
    assertThat(corp.introspections()).isEmpty();
  }

  @Test
  void whoeverHoldsAUserHasItFoundAgainForFiveMinutes() {
    VerifiedSubjects users = users(OpaqueTokens.EXCHANGE_VALIDATES);
    String token = corp.opaqueUserToken("alice");
    User held = resolved(users, token);

    assertThat(users.known(digest(token))).isSameAs(held);
    assertThat(resolved(users, token)).isSameAs(held);
    time.forward(Duration.ofSeconds(301));
    assertThat(users.known(digest(token))).isNull();
    assertThat(resolved(users, token)).isNotSameAs(held);
    assertThat(resolved(users, token).keyPart()).isEqualTo(held.keyPart());
  }

  @Test
  void opaqueTokensAreToldByTheirDigestOnceTheyWereUsed() {
    for (OpaqueTokens mode : List.of(OpaqueTokens.INTROSPECT, OpaqueTokens.EXCHANGE_VALIDATES)) {
      VerifiedSubjects users = users(mode);
      String token = corp.opaqueUserToken("alice");
      assertThat(users.seen(digest(token))).isFalse();

      resolved(users, token);
      time.forward(Duration.ofHours(1));

      assertThat(users.known(digest(token))).isNull();
      assertThat(users.seen(digest(token))).isTrue();
    }
  }

  @Test
  void tokenThatIsNobodysIsNotTold() {
    VerifiedSubjects users = users(OpaqueTokens.INTROSPECT);
    String key = "sk-CANARY-llm-key";

    assertThat(resolve(users, key)).isEqualTo(new Resolution.Refused(UserTokenFault.INACTIVE));

    assertThat(users.seen(digest(key))).isFalse();
  }

  private VerifiedSubjects users(OpaqueTokens mode) {
    UserRule rule =
        new UserRule(
            "corp", List.of("agent"), List.of("RS256"), "sid", false, mode, false, List.of());
    return VerifiedSubjects.remembering(
        List.of(new Rule(rule, issuers.of(Configs.agent(corp, folder)))),
        time,
        known,
        sessions,
        new Logouts(time));
  }

  private User resolved(VerifiedSubjects users, String token) {
    return ((Resolution.Resolved) resolve(users, token)).user();
  }

  private Resolution resolve(VerifiedSubjects users, String token) {
    byte[] bytes = token.getBytes(US_ASCII);
    return users.resolve(bytes, 0, bytes.length, digest(token), time.deadline());
  }

  private static TokenDigest digest(String token) {
    return TokenDigest.of(token.getBytes(US_ASCII));
  }
}
