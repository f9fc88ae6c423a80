package dev.valetkey.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.valetkey.gate.Configs;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.TokenOutcome.Granted;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Digests, deadlines, sessions, and that nothing here prints a secret. */
final class TokenWordsTest {
  private static final Instant NOW = Instant.parse("2026-11-01T00:00:00Z");

  private static final TokenDigest KIND = TokenDigest.of(new byte[] {1});

  private static AccessToken token(String scheme, String text) {
    return new AccessToken(scheme, text, NOW, NOW.plusSeconds(60));
  }

  private static UserToken userToken(String text, long expiresAt) {
    return userToken(text, KIND, expiresAt);
  }

  private static UserToken userToken(String text, TokenDigest kind, long expiresAt) {
    return new UserToken(Secret.of(text), Secret.of(text).digest(), kind, expiresAt);
  }

  private static Subject alice() {
    return new Subject("https://idp", "alice", null, null, Set.of(), null, null, null, NOW);
  }

  /** FIPS 180-4, the example of one block. */
  @Test
  void digestIsSha256() {
    TokenDigest digest = TokenDigest.of("abc".getBytes(StandardCharsets.US_ASCII));

    assertThat(digest.hex())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(digest.shortHex()).isEqualTo("ba7816bf8f01");
    assertThat(TokenDigest.fromHex(digest.hex())).isEqualTo(digest);
    assertThat(TokenDigest.fromBytes(digest.toBytes(), 0)).isEqualTo(digest);
    assertThat(digest).hasToString("ba7816bf8f01");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "ba", "zz", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"})
  void whatIsNoDigestIsRefused(String hex) {
    assertThatThrownBy(() -> TokenDigest.fromHex(hex)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void accessTokenIsTheHeaderValueAndTheDigestOfTheTextAlone() {
    AccessToken bearer = token("Bearer", "CANARY-t");
    AccessToken bare = token("", "CANARY-t");

    assertThat(new String(bearer.authorization(), StandardCharsets.ISO_8859_1))
        .isEqualTo("Bearer CANARY-t");
    assertThat(new String(bare.authorization(), StandardCharsets.ISO_8859_1)).isEqualTo("CANARY-t");
    assertThat(bearer.digest()).isEqualTo(bare.digest()).isEqualTo(Secret.of("CANARY-t").digest());
    assertThat(new String(bearer.correlation(), StandardCharsets.ISO_8859_1))
        .isEqualTo(bearer.digest().hex());
  }

  /** A static token, or its scheme, may hold blanks. */
  @ParameterizedTest
  @CsvSource({"Bearer, CANARY-t", "'', CANARY-t", "'', CANARY t", "Token for, CANARY-t"})
  void textOfAnAccessTokenIsWhatStandsBehindTheScheme(String scheme, String text) {
    assertThat(token(scheme, text).text()).isEqualTo(Secret.of(text));
  }

  /** System.nanoTime may begin anywhere and overflows. */
  @ParameterizedTest
  @ValueSource(longs = {0, -5, Long.MAX_VALUE - 1, Long.MIN_VALUE})
  void deadlinesHoldWhereTheClockOverflows(long start) {
    AtomicLong time = new AtomicLong(start);
    Deadline deadline = Deadline.after(Duration.ofNanos(10), time::get);

    assertThat(deadline.remaining()).isEqualTo(Duration.ofNanos(10));
    assertThat(deadline.atMost(Duration.ofNanos(3)).remaining()).isEqualTo(Duration.ofNanos(3));
    assertThat(deadline.atMost(Duration.ofNanos(30))).isSameAs(deadline);
    time.addAndGet(9);
    assertThat(deadline.passed()).isFalse();
    time.addAndGet(1);
    assertThat(deadline.passed()).isTrue();
    time.addAndGet(5);
    assertThat(deadline.remaining()).isEqualTo(Duration.ofNanos(-5));
  }

  @Test
  void sessionKeepsTheUserTokenOfAKindThatEndsLast() {
    Session session = new Session(alice(), userToken("CANARY-1", 100), new HitCounters());

    session.offer(userToken("CANARY-2", 99));
    session.offer(userToken("CANARY-3", 100));
    assertThat(session.userToken(KIND)).isEqualTo(userToken("CANARY-1", 100));
    session.offer(userToken("CANARY-4", 101));

    assertThat(session.userToken(KIND)).isEqualTo(userToken("CANARY-4", 101));
    assertThat(session.live(100)).isTrue();
    assertThat(session.live(101)).isFalse();
    session.end();
    assertThat(session.live(0)).isFalse();
  }

  @Test
  void tokensThatMayDoOtherThingsDoNotReplaceEachOther() {
    TokenDigest stepUp = TokenDigest.of(new byte[] {2});
    Session session = new Session(alice(), userToken("CANARY-1", 100), new HitCounters());

    session.offer(userToken("CANARY-2", stepUp, 200));

    assertThat(session.userToken(KIND)).isEqualTo(userToken("CANARY-1", 100));
    assertThat(session.userToken(stepUp)).isEqualTo(userToken("CANARY-2", stepUp, 200));
    assertThat(session.userToken(TokenDigest.of(new byte[] {3}))).isNull();
  }

  @Test
  void kindsOfUserTokensAreBounded() {
    Session session = new Session(alice(), userToken("CANARY-1", 10_000), new HitCounters());

    for (int i = 0; i < 1000; i++) {
      session.offer(userToken("CANARY-x", Secret.of("kind " + i).digest(), i));
    }

    assertThat(session.textLength()).isLessThanOrEqualTo(64 * "CANARY-x".length());
    assertThat(session.userToken(KIND)).isNotNull();
  }

  // TM-SECRETS
  @Test
  void nothingPrintsASecret() {
    UserToken userToken = userToken("CANARY-user", 100);
    Session session = new Session(alice(), userToken, new HitCounters());
    User user = new User(session, userToken.digest(), userToken.expiresAt());
    Target target =
        Target.of(
            Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE),
            Configs.EXCHANGE,
            Configs.issuer("corp"));

    assertThat(
            Stream.of(
                    Secret.of("CANARY-secret"),
                    userToken,
                    session,
                    user,
                    token("Bearer", "CANARY-issued"),
                    new Granted(token("Bearer", "CANARY-issued")),
                    new TokenRequest(target, user, Duration.ZERO))
                .map(Object::toString))
        .noneMatch(text -> text.contains("CANARY"));
  }
}
