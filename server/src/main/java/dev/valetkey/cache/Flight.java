package dev.valetkey.cache;

import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One acquisition of a token and all who wait for it. Nobody who waits can cancel it. Thread-safe.
 */
final class Flight {
  private static final Unavailable LATE = new Unavailable(Cause.DEADLINE, Duration.ofSeconds(1));

  private final CacheKey key;
  private final TokenRequest request;
  private final @Nullable Entry replaces;
  private final AtomicLong wish = new AtomicLong();
  private final CompletableFuture<TokenOutcome> outcome = new CompletableFuture<>();
  private volatile boolean dropped;

  /**
   * @param replaces the entry that is refreshed ahead of its end; null: there is no usable one
   */
  Flight(CacheKey key, TokenRequest request, @Nullable Entry replaces) {
    this.key = key;
    this.request = request;
    this.replaces = replaces;
    want(request);
  }

  CacheKey key() {
    return key;
  }

  TokenRequest request() {
    return request;
  }

  @Nullable Entry replaces() {
    return replaces;
  }

  /** Notes how long whoever joins would like the token to last. */
  void want(TokenRequest joining) {
    wish.accumulateAndGet(joining.minLifetime().toMillis(), Math::max);
  }

  /** The longest remaining life anybody wished for, in milliseconds; 0: none. */
  long wish() {
    return wish.get();
  }

  /** Whose result it is; null where the grant needs no user. */
  @Nullable TokenDigest sessionId() {
    User user = request.user();
    return user == null ? null : user.session().id();
  }

  /** Whether the session was ended while this was under way. */
  boolean ended() {
    User user = request.user();
    return user != null && user.session().hasEnded();
  }

  /** Whether the session is still there, at {@code now} in milliseconds since 1970. */
  boolean live(long now) {
    User user = request.user();
    return user == null || user.session().live(now);
  }

  /** Whether its outcome is there; otherwise whoever stops waiting gets {@code DEADLINE}. */
  boolean landed() {
    return outcome.isDone();
  }

  /** The result shall not be kept. */
  void drop() {
    dropped = true;
  }

  boolean dropped() {
    return dropped;
  }

  void complete(TokenOutcome result) {
    outcome.complete(result);
  }

  /** Ends the flight because of a bug, which every waiter gets to see. */
  void fail(Throwable bug) {
    outcome.completeExceptionally(bug);
  }

  /**
   * What came of it; {@code DEADLINE} when {@code deadline} passes first or the waiting thread is
   * interrupted.
   */
  TokenOutcome await(Deadline deadline) {
    try {
      return outcome.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return LATE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return LATE;
    } catch (ExecutionException e) {
      throw new IllegalStateException("acquiring a token ended in a bug", e.getCause());
    }
  }
}
