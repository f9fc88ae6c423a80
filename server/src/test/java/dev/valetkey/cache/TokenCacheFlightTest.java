package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.passed;
import static dev.valetkey.cache.CacheWorld.request;
import static dev.valetkey.cache.CacheWorld.soon;
import static dev.valetkey.cache.CacheWorld.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who waits for whom. */
class TokenCacheFlightTest {
  private static final Unavailable LATE = new Unavailable(Cause.DEADLINE, Duration.ofSeconds(1));

  private final CacheWorld world = new CacheWorld();
  private final FakeIssuer issuer = world.issuer;
  private final TokenCache cache = world.cache;

  @AfterEach
  void close() {
    world.close();
  }

  // R-TX-14
  @Test
  void aThousandConcurrentMissesAreOneAcquisition() throws InterruptedException {
    User alice = world.user("alice");
    Set<TokenOutcome> outcomes = ConcurrentHashMap.newKeySet();
    issuer.hold();
    List<Thread> waiting = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      waiting.add(
          Thread.startVirtualThread(() -> outcomes.add(world.get(request(alice, "github")))));
    }
    await().until(() -> waiting.stream().allMatch(CacheWorld::waits));

    issuer.open();
    join(waiting);

    assertThat(issuer.calls).hasValue(1);
    assertThat(outcomes).extracting(CacheWorld::text).containsExactly("CANARY-alice/github#1");
  }

  @Test
  void aRejectionThatCameAfterTheSessionEndedIsNotRemembered() throws InterruptedException {
    User before = world.user("alice");
    issuer.hold();
    issuer.reject(Rejection.INVALID_GRANT);
    Thread first = Thread.startVirtualThread(() -> world.get(request(before, "github")));
    issuer.awaitArrival(1);
    before.session().end();
    issuer.open();
    join(List.of(first));
    issuer.comeBack();

    TokenOutcome again = world.get(world.request("alice", "github"));

    assertThat(text(again)).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void whoJoinsTheFlightOfAnEndedSessionWaitsNoLongerThanTheDeadline() throws InterruptedException {
    User before = world.user("alice");
    issuer.hold();
    Thread first = Thread.startVirtualThread(() -> world.get(request(before, "github")));
    issuer.awaitArrival(1);
    before.session().end();

    TokenOutcome late = cache.get(world.request("alice", "github"), passed());

    assertThat(late).isEqualTo(LATE);
    issuer.open();
    join(List.of(first));
  }

  // R-TX-14
  @Test
  void waitersInheritARejection() throws InterruptedException {
    TokenRequest request = world.request("alice", "github");
    AtomicReference<TokenOutcome> second = new AtomicReference<>();
    issuer.hold();
    issuer.reject(Rejection.INVALID_TARGET);
    Thread first = Thread.startVirtualThread(() -> world.get(request));
    issuer.awaitArrival(1);
    Thread waiting = Thread.startVirtualThread(() -> second.set(world.get(request)));
    await().until(() -> CacheWorld.waits(waiting));

    issuer.open();
    join(List.of(first, waiting));

    assertThat(second).hasValue(new Rejected(Rejection.INVALID_TARGET));
    assertThat(issuer.calls).hasValue(1);
  }

  @Test
  void aHundredKeysDoNotWaitForEachOther() throws InterruptedException {
    CountDownLatch together = new CountDownLatch(100);
    issuer.answer(request -> {
      together.countDown();
      return awaited(together) ? issuer.issue(request, 0) : LATE;
    });
    Set<String> texts = ConcurrentHashMap.newKeySet();
    List<Thread> waiting = new ArrayList<>();

    for (int i = 0; i < 100; i++) {
      TokenRequest request = world.request("user" + i, "github");
      waiting.add(Thread.startVirtualThread(() -> texts.add(text(world.get(request)))));
    }
    join(waiting);

    assertThat(texts).hasSize(100).allMatch(text -> text.startsWith("CANARY-user"));
  }

  // R-TX-14
  @Test
  void givingUpDoesNotCancelTheFlightAndItsTokenIsKept() throws InterruptedException {
    TokenRequest request = world.request("alice", "github");
    issuer.hold();

    TokenOutcome late = cache.get(request, passed());

    assertThat(late).isEqualTo(LATE);
    issuer.awaitArrival(1);
    assertThat(cache.get(request, passed())).isEqualTo(LATE);
    issuer.open();
    await().until(() -> cache.known(request) != null);
    assertThat(text(cache.known(request))).isEqualTo("CANARY-alice/github#1");
    assertThat(issuer.calls).hasValue(1);
  }

  @Test
  void anInterruptedWaiterLeavesAtOnceAndTheFlightGoesOn() throws InterruptedException {
    TokenRequest request = world.request("alice", "github");
    AtomicReference<TokenOutcome> outcome = new AtomicReference<>();
    issuer.hold();
    Thread waiting = Thread.startVirtualThread(() -> outcome.set(world.get(request)));
    issuer.awaitArrival(1);

    waiting.interrupt();
    join(List.of(waiting));

    assertThat(outcome).hasValue(LATE);
    issuer.open();
    await().until(() -> cache.known(request) != null);
  }

  @Test
  void aTokenThatArrivesAfterTheEndOfItsSessionIsNeitherGivenNorKept() throws InterruptedException {
    User alice = world.user("alice");
    AtomicReference<TokenOutcome> outcome = new AtomicReference<>();
    issuer.hold();
    Thread waiting =
        Thread.startVirtualThread(() -> outcome.set(world.get(request(alice, "github"))));
    issuer.awaitArrival(1);

    alice.session().end();
    cache.drop(alice.session());
    issuer.open();
    join(List.of(waiting));

    assertThat(outcome).hasValue(new Rejected(Rejection.INVALID_GRANT));
    assertThat(cache.size()).isZero();
    assertThat(cache.entries(alice.session())).isEmpty();
  }

  @Test
  void aNewSessionDoesNotGetWhatWasOnItsWayForTheEndedOne() throws InterruptedException {
    User before = world.user("alice");
    User after = world.user("alice");
    AtomicReference<TokenOutcome> outcome = new AtomicReference<>();
    issuer.hold();
    assertThat(cache.get(request(before, "github"), passed())).isEqualTo(LATE);
    issuer.awaitArrival(1);
    before.session().end();
    cache.drop(before.session());
    Thread waiting =
        Thread.startVirtualThread(() -> outcome.set(world.get(request(after, "github"))));
    await().until(() -> CacheWorld.waits(waiting));

    issuer.open();
    join(List.of(waiting));

    assertThat(text(outcome.get())).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void aDroppedFlightIsNotKeptEvenWhileTheSessionLasts() throws InterruptedException {
    User alice = world.user("alice");
    issuer.hold();
    assertThat(cache.get(request(alice, "github"), passed())).isEqualTo(LATE);
    issuer.awaitArrival(1);

    cache.drop(alice.session());
    issuer.open();
    await().until(() -> !text(cache.get(request(alice, "github"), soon())).endsWith("#1"));

    assertThat(text(cache.known(request(alice, "github")))).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void aBugReachesEveryWaiterAndTheNextCallAsksAgain() {
    TokenRequest request = world.request("alice", "github");
    issuer.answer(asked -> {
      throw new IllegalArgumentException("a bug");
    });

    assertThatThrownBy(() -> world.get(request))
        .isInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("a bug");

    issuer.comeBack();
    assertThat(text(world.get(request))).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void aClosedCacheAsksNobody() {
    cache.close();

    TokenOutcome outcome = world.get(world.request("alice", "github"));

    assertThat(outcome).isEqualTo(new Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(1)));
    assertThat(issuer.calls).hasValue(0);
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  private static void join(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      assertThat(thread.join(Duration.ofSeconds(20))).as("thread ended").isTrue();
    }
  }
}
