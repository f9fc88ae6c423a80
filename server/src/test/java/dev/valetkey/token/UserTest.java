package dev.valetkey.token;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Session.UserToken;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UserTest {
  private static final User ALICE = user("https://idp", "alice", "s1", "app");

  @Test
  void isTheSameWithTheSameIssuerAndSubject() {
    assertThat(ALICE.sameAs(user("https://idp", "alice", "s2", "other"))).isTrue();
    assertThat(ALICE.sameAs(user("https://idp", "Alice", "s1", "app"))).isFalse();
    assertThat(ALICE.sameAs(user("https://idp/", "alice", "s1", "app"))).isFalse();
  }

  private static User user(String issuer, String sub, String sid, String client) {
    Instant end = Instant.EPOCH.plusSeconds(60);
    Subject subject = new Subject(issuer, sub, sid, client, Set.of(), null, null, null, end);
    Secret text = Secret.of("CANARY-user");
    TokenDigest kind = subject.keyPart(text.digest());
    UserToken token = new UserToken(text, text.digest(), kind, end.toEpochMilli());
    return new User(
        new Session(subject, token, new HitCounters()), kind, subject.expiresAt().toEpochMilli());
  }
}
