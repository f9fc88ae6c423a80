package dev.valetkey.token;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.telemetry.HitCounters;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionTest {
  private static final Subject ALICE =
      new Subject("https://idp.test", "alice", null, null, Set.of(), null, null, null, Instant.MAX);
  private static final TokenDigest KIND = new TokenDigest(1, 2, 3, 4);

  private final Session session =
      new Session(ALICE, token("CANARY-first", 1_000), new HitCounters());

  private static Session.UserToken token(String text, long expiresAt) {
    Secret secret = Secret.of(text);
    return new Session.UserToken(secret, secret.digest(), KIND, expiresAt);
  }

  @Test
  void anEndedSessionLetsGoOfItsUserTokens() {
    session.end();

    assertThat(session.userToken(KIND)).isNull();
    assertThat(session.textLength()).isZero();
  }

  @Test
  void anEndedSessionTakesNoOtherUserToken() {
    session.end();

    session.offer(token("CANARY-second", 2_000));

    assertThat(session.userToken(KIND)).isNull();
  }
}
