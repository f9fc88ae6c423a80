package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.digest;
import static dev.valetkey.cache.CacheWorld.request;
import static dev.valetkey.cache.CacheWorld.soon;
import static dev.valetkey.cache.CacheWorld.text;
import static dev.valetkey.cache.CacheWorld.waits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.valetkey.config.CacheConfig;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens to a token that its server refused (design.md §7). */
class TokenCacheRenewTest {
  private static final TokenDigest FIRST = digest("CANARY-alice/github#1");
  private static final TokenDigest SECOND = digest("CANARY-alice/github#2");

  private final CacheWorld world = new CacheWorld();
  private final FakeIssuer issuer = world.issuer;
  private final TokenCache cache = world.cache;
  private final User alice = world.user("alice");
  private final TokenRequest request = request(alice, "github");

  @AfterEach
  void close() {
    world.close();
  }

  private @Nullable TokenOutcome renew(TokenDigest refused) {
    return cache.renew(refused, "github", soon());
  }

  @Test
  void anUnknownTokenIsNotRenewed() {
    world.get(request);

    assertThat(renew(digest("CANARY-somebody-elses"))).isNull();
    assertThat(issuer.calls).hasValue(1);
  }

  @Test
  void anotherServersTokenIsNotRenewed() {
    world.get(request);

    assertThat(cache.renew(FIRST, "jira", soon())).isNull();
    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#1");
  }

  @Test
  void aRefusedTokenIsForgottenAndAFreshOneServesAll() {
    world.get(request);

    assertThat(text(renew(FIRST))).isEqualTo("CANARY-alice/github#2");

    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#2");
  }

  /** A reload may change the way to an issuer, its secret's file for one, and leave the key. */
  @Test
  void renewalGoesTheWayOfTheLatestCall() {
    world.get(request);
    Target reloaded =
        Target.of(
            CacheWorld.server("github"), CacheWorld.exchange("github"), CacheWorld.issuer("moved"));
    assertThat(text(cache.known(request.of(reloaded)))).isEqualTo("CANARY-alice/github#1");
    List<Target> asked = new ArrayList<>();
    issuer.answer(question -> {
      asked.add(question.target());
      return issuer.issue("CANARY-fresh");
    });

    assertThat(text(renew(FIRST))).isEqualTo("CANARY-fresh");

    assertThat(asked).containsExactly(reloaded);
  }

  // Compare and invalidate: who was late with the old token does not cost the new one its place.
  // BO-RENEW
  @Test
  void aNewerTokenIsGivenAndKept() {
    world.get(request);
    renew(FIRST);
    world.clock.move(Duration.ofMinutes(20));

    assertThat(text(renew(FIRST))).isEqualTo("CANARY-alice/github#2");
    cache.forget(FIRST);

    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#2");
    assertThat(issuer.calls).hasValue(2);
  }

  @Test
  void withinHalfAMinuteTheSameTokenIsGivenAgain() {
    world.get(request);
    renew(FIRST);
    world.clock.move(Duration.ofSeconds(30).minusMillis(1));

    assertThat(text(renew(SECOND))).isEqualTo("CANARY-alice/github#2");
    assertThat(issuer.calls).hasValue(2);

    world.clock.move(Duration.ofMillis(1));
    assertThat(text(renew(SECOND))).isEqualTo("CANARY-alice/github#3");
  }

  @Test
  void aServerThatAlwaysRefusesCostsOneAcquisitionInHalfAMinute() {
    TokenOutcome current = world.get(request);

    for (int i = 0; i < 120; i++) {
      current = world.get(request);
      current = renew(digest(text(current)));
      cache.forget(digest(text(current)));
      world.clock.move(Duration.ofSeconds(1));
    }

    assertThat(issuer.calls).hasValue(1 + 4);
  }

  @Test
  void concurrentRenewalsAreOneAcquisition() throws InterruptedException {
    world.get(request);
    issuer.awaitArrival(1);
    issuer.hold();
    Set<String> texts = ConcurrentHashMap.newKeySet();
    List<Thread> waiting = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      waiting.add(Thread.startVirtualThread(() -> texts.add(text(renew(FIRST)))));
    }
    await().until(() -> waiting.stream().allMatch(CacheWorld::waits));

    issuer.open();
    for (Thread thread : waiting) {
      assertThat(thread.join(Duration.ofSeconds(20))).isTrue();
    }

    assertThat(texts).containsExactly("CANARY-alice/github#2");
    assertThat(issuer.calls).hasValue(2);
  }

  @Test
  void whileARefusedTokenIsRenewedNobodyGetsIt() throws InterruptedException {
    world.get(request);
    issuer.hold();
    Thread renewing = Thread.startVirtualThread(() -> renew(FIRST));
    await().until(() -> waits(renewing));

    assertThat(cache.known(request)).isNull();
    assertThat(cache.get(request, CacheWorld.passed()))
        .isInstanceOf(TokenOutcome.Unavailable.class);
    assertThat(cache.entries(alice.session())).isEmpty();
  }

  @Test
  void aTokenIsRecognisedAfterItWasReplacedOrEvicted() {
    try (CacheWorld small = new CacheWorld(new CacheConfig(1, 1 << 20), CacheWorld.MIDDLE)) {
      small.get(small.request("alice", "github"));
      small.get(small.request("bob", "github"));
      small.get(small.request("carol", "github"));
      assertThat(small.cache.size()).isLessThanOrEqualTo(1);

      assertThat(text(small.cache.renew(FIRST, "github", soon())))
          .startsWith("CANARY-alice/github#");
      assertThat(text(small.cache.renew(digest("CANARY-bob/github#2"), "github", soon())))
          .startsWith("CANARY-bob/github#");
    }
  }

  @Test
  void aTokenThatEndedOnTheWayIsRenewed() {
    world.get(request);
    world.clock.move(Duration.ofMinutes(60));

    assertThat(text(renew(FIRST))).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void aTokenThatIsUsedOnceIsRenewed() {
    issuer.life(Duration.ZERO);
    world.get(request);

    assertThat(text(renew(FIRST))).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void theTokenOfAnEndedSessionIsNotRenewed() {
    world.get(request);
    alice.session().end();

    assertThat(renew(FIRST)).isEqualTo(new Rejected(Rejection.INVALID_GRANT));

    assertThat(issuer.calls).hasValue(1);
  }

  @Test
  void aDroppedTokenIsUnknown() {
    world.get(request);

    cache.drop(alice.session());

    assertThat(renew(FIRST)).isNull();
  }

  @Test
  void aRenewalThatTheIssuerRejectsIsRemembered() {
    world.get(request);
    issuer.reject(Rejection.INVALID_GRANT);

    assertThat(renew(FIRST)).isEqualTo(new Rejected(Rejection.INVALID_GRANT));
    assertThat(renew(FIRST)).isEqualTo(new Rejected(Rejection.INVALID_GRANT));

    assertThat(cache.known(request)).isEqualTo(new Rejected(Rejection.INVALID_GRANT));
    assertThat(issuer.calls).hasValue(2);
  }

  // Some issuers give the same text again until it ends.
  @Test
  void theSameTextIssuedAgainIsNotARenewalLoop() {
    issuer.answer(asked -> issuer.issue("CANARY-alice/github#1"));
    world.get(request);

    for (int i = 0; i < 10; i++) {
      assertThat(text(renew(FIRST))).isEqualTo("CANARY-alice/github#1");
    }

    assertThat(issuer.calls).hasValue(2);
  }

  @Test
  void aForgottenTokenIsFetchedAfreshByTheNextCall() {
    world.get(request);

    cache.forget(FIRST);

    assertThat(cache.known(request)).isNull();
    assertThat(text(world.get(request))).isEqualTo("CANARY-alice/github#2");
    cache.forget(SECOND);
    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#2");
    world.clock.move(Duration.ofSeconds(30));
    cache.forget(SECOND);
    assertThat(cache.known(request)).isNull();
  }

  @Test
  void aForgottenTokenDoesNotServeInPlaceOfAnIssuerThatIsDown() {
    world.get(request);
    issuer.goDown(Duration.ofSeconds(1));

    cache.forget(FIRST);

    assertThat(world.get(request)).isInstanceOf(TokenOutcome.Unavailable.class);
  }

  @Test
  void oneRenewalIsCountedHoweverManyAskForIt() {
    world.get(request);

    renew(FIRST);
    renew(FIRST);
    renew(SECOND);

    assertThat(world.metrics.scrape()).contains("valetkey_renewals_total{server=\"github\"} 1.0");
  }

  @Test
  void forgettingWhatIsNotOursDoesNothing() {
    world.get(request);

    cache.forget(digest("CANARY-somebody-elses"));

    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#1");
  }
}
