package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Getting the next token while the old one serves. With the fixture's random a token is refreshed
 * at 55 % of life.
 */
class TokenCacheRefreshTest {
  private static final Duration JUST_BEFORE = Duration.ofMinutes(33).minusMillis(1);
  private static final Duration ONE = Duration.ofMillis(1);

  private final CacheWorld world = new CacheWorld();
  private final MovedClock clock = world.clock;
  private final FakeIssuer issuer = world.issuer;
  private final TokenCache cache = world.cache;
  private final TokenRequest request = world.request("alice", "github");

  @AfterEach
  void close() {
    world.close();
  }

  // R-CA-3
  @Test
  void aHitPastTheRefreshTimeFetchesOnceInTheBackground() throws InterruptedException {
    TokenOutcome old = world.get(request);
    issuer.hold();
    clock.move(JUST_BEFORE);
    assertThat(cache.known(request)).isSameAs(old);
    assertThat(issuer.calls).hasValue(1);

    clock.move(ONE);
    for (int i = 0; i < 100; i++) {
      assertThat(cache.known(request)).isSameAs(old);
      assertThat(world.get(request)).isSameAs(old);
    }

    issuer.awaitArrival(2);
    assertThat(issuer.calls).hasValue(2);
    issuer.open();
    await().until(() -> !old.equals(cache.known(request)));
    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#2");
    assertThat(issuer.calls).hasValue(2);
    world.settle();
    assertThat(world.metrics.scrape()).contains("valetkey_refreshes_total{server=\"github\"} 1.0");
  }

  @Test
  void aTokenThatIsNotUsedIsNotRefreshed() {
    world.get(request);

    clock.move(Duration.ofMinutes(50));
    world.get(world.request("bob", "github"));

    assertThat(issuer.calls).hasValue(2);
    assertThat(text(cache.known(world.request("bob", "github")))).isEqualTo("CANARY-bob/github#2");
  }

  @Test
  void anIssuerThatIsDownDoesNotDisturbAndIsAskedAgainLater() throws InterruptedException {
    TokenOutcome old = world.get(request);
    issuer.awaitArrival(1);
    clock.move(JUST_BEFORE.plus(ONE));
    issuer.goDown(Duration.ofSeconds(10));
    assertThat(cache.known(request)).isSameAs(old);
    issuer.awaitArrival(1);
    world.settle();
    issuer.comeBack();

    // With the fixture's random the pause is 12.5 s.
    clock.move(Duration.ofSeconds(13));
    await().until(() -> !old.equals(cache.known(request)));

    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#3");
  }

  @Test
  void aRejectedRefreshDoesNotDisturbAndIsNotRepeatedAtOnce() throws InterruptedException {
    TokenOutcome old = world.get(request);
    issuer.awaitArrival(1);
    clock.move(JUST_BEFORE.plus(ONE));
    issuer.reject(Rejection.INVALID_GRANT);
    assertThat(cache.known(request)).isSameAs(old);
    issuer.awaitArrival(1);

    clock.move(Duration.ofMinutes(10));
    for (int i = 0; i < 100; i++) {
      assertThat(cache.known(request)).isSameAs(old);
    }

    assertThat(issuer.calls).hasValue(2);
  }

  @Test
  void aBugInARefreshDoesNotDisturb() throws InterruptedException {
    TokenOutcome old = world.get(request);
    issuer.awaitArrival(1);
    clock.move(JUST_BEFORE.plus(ONE));
    issuer.answer(asked -> {
      throw new IllegalArgumentException("a bug");
    });

    assertThat(cache.known(request)).isSameAs(old);
    issuer.awaitArrival(1);

    clock.move(Duration.ofMinutes(10));
    assertThat(cache.known(request)).isSameAs(old);
  }

  @Test
  void thosePastTheMarginWaitForTheRefreshUnderWay() throws InterruptedException {
    world.get(request);
    issuer.awaitArrival(1);
    issuer.hold();
    clock.move(JUST_BEFORE.plus(ONE));
    cache.known(request);
    issuer.awaitArrival(1);

    clock.move(Duration.ofMinutes(26));
    assertThat(cache.known(request)).isNull();
    Thread waiting = Thread.startVirtualThread(() -> world.get(request));
    await().until(() -> CacheWorld.waits(waiting));
    issuer.open();

    assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
    assertThat(issuer.calls).hasValue(2);
  }

  // A herd of users who came at once asks for its next tokens over a tenth of their life or more.
  @Test
  void usersWhoCameTogetherAreRefreshedApart() {
    int users = 1_000;
    List<Integer> begun = new ArrayList<>();
    try (CacheWorld herd = new CacheWorld(CacheWorld.BOUNDS, new Random(1))) {
      List<TokenRequest> requests =
          IntStream.range(0, users).mapToObj(i -> herd.request("user" + i, "github")).toList();
      requests.forEach(herd::get);
      herd.issuer.reject(Rejection.INVALID_GRANT);

      for (int percent = 0; percent < 70; percent++) {
        int before = herd.issuer.calls.get();
        requests.forEach(herd.cache::known);
        herd.settle();
        begun.add(herd.issuer.calls.get() - before);
        herd.clock.move(Duration.ofSeconds(36));
      }
    }

    assertThat(begun.stream().mapToInt(Integer::intValue).sum()).isEqualTo(users);
    assertThat(begun.subList(0, 45)).containsOnly(0);
    assertThat(begun).allMatch(count -> count < users / 7);
  }
}
