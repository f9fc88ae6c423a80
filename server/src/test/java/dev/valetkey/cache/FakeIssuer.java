package dev.valetkey.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.acquire.Acquirer;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Issues tokens whose text says whom they are for: {@code CANARY-sub/server#number}. It can be
 * held, so that a test decides when it answers.
 */
final class FakeIssuer implements Acquirer {
  final AtomicInteger calls = new AtomicInteger();
  private final InstantSource clock;
  private final Semaphore arrived = new Semaphore(0);
  private volatile Duration life = Duration.ofHours(1);
  private volatile CountDownLatch open = new CountDownLatch(0);
  private volatile @Nullable Function<TokenRequest, TokenOutcome> answer;

  FakeIssuer(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public TokenOutcome acquire(TokenRequest request, Deadline deadline) {
    int number = calls.incrementAndGet();
    arrived.release();
    try {
      if (!open.await(20, TimeUnit.SECONDS)) {
        return new Unavailable(Cause.DEADLINE, Duration.ofSeconds(1));
      }
    } catch (InterruptedException e) {
      return new Unavailable(Cause.DEADLINE, Duration.ofSeconds(1));
    }
    Function<TokenRequest, TokenOutcome> scripted = answer;
    return scripted == null ? issue(request, number) : scripted.apply(request);
  }

  Granted issue(TokenRequest request, int number) {
    return issue("CANARY-" + label(request) + "#" + number);
  }

  Granted issue(String text) {
    return new Granted(
        new AccessToken("Bearer", text, clock.instant(), clock.instant().plus(life)));
  }

  static String label(TokenRequest request) {
    User user = request.user();
    return (user == null ? "nobody" : user.sub()) + "/" + request.target().server().name();
  }

  void life(Duration duration) {
    life = duration;
  }

  void answer(Function<TokenRequest, TokenOutcome> scripted) {
    answer = scripted;
  }

  void reject(Rejection rejection) {
    answer = request -> new Rejected(rejection);
  }

  void goDown(Duration retryAfter) {
    answer = request -> new Unavailable(Cause.UNREACHABLE, retryAfter);
  }

  void comeBack() {
    answer = null;
  }

  /** From now on nothing is answered until {@link #open}. */
  void hold() {
    open = new CountDownLatch(1);
  }

  void open() {
    open.countDown();
  }

  /** Waits until {@code number} more acquisitions have begun. */
  void awaitArrival(int number) throws InterruptedException {
    assertThat(arrived.tryAcquire(number, 20, TimeUnit.SECONDS)).as("acquisitions begun").isTrue();
  }
}
