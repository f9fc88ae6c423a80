package dev.valetkey.oauth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome.Cause;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * What one issuer says of tokens. However many calls bring the same token, the issuer is asked
 * once; a no is remembered for a moment; and no more than half of the connections are used, so that
 * invented tokens do not keep the others from being exchanged. Thread-safe; for virtual threads.
 */
final class Introspection {
  private static final Duration NO_COUNTS = Duration.ofSeconds(10);
  private static final int MAX_REMEMBERED = 10_000;

  private final BiFunction<Secret, Deadline, Introspected> ask;
  private final Duration timeout;
  private final LongSupplier nanoTime;
  private final Semaphore places;
  private final ConcurrentHashMap<TokenDigest, CompletableFuture<Introspected>> flights =
      new ConcurrentHashMap<>();
  private final Cache<TokenDigest, Introspected.Inactive> inactive;

  /**
   * @param ask asks the issuer, until the deadline
   * @param timeout how long one question may take, whoever waits for it
   * @param connections how many the issuer has
   */
  Introspection(
      BiFunction<Secret, Deadline, Introspected> ask,
      Duration timeout,
      int connections,
      LongSupplier nanoTime) {
    this.ask = ask;
    this.timeout = timeout;
    this.nanoTime = nanoTime;
    this.places = new Semaphore(Math.max(1, connections / 2), true);
    this.inactive =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .ticker(nanoTime::getAsLong)
            .expireAfterWrite(NO_COUNTS)
            .maximumSize(MAX_REMEMBERED)
            .build();
  }

  /** What is said of {@code token}, at {@code deadline} at the latest. */
  Introspected of(Secret token, Deadline deadline) {
    TokenDigest digest = token.digest();
    Introspected.Inactive known = inactive.getIfPresent(digest);
    return known != null ? known : await(flight(token, digest), deadline);
  }

  private CompletableFuture<Introspected> flight(Secret token, TokenDigest digest) {
    CompletableFuture<Introspected> started = new CompletableFuture<>();
    CompletableFuture<Introspected> running = flights.putIfAbsent(digest, started);
    if (running != null) {
      return running;
    }
    // A thread of its own: a caller that gives up does not end it.
    Thread.ofVirtual().name("valetkey-introspection").start(() -> fly(token, digest, started));
    return started;
  }

  private void fly(Secret token, TokenDigest digest, CompletableFuture<Introspected> started) {
    Introspected said = TokenAnswerReader.unavailable(Cause.ANSWER);
    try {
      said = askInTurn(token, Deadline.after(timeout, nanoTime));
      if (said instanceof Introspected.Inactive no) {
        inactive.put(digest, no);
      }
    } finally {
      flights.remove(digest);
      started.complete(said);
    }
  }

  private Introspected askInTurn(Secret token, Deadline deadline) {
    try {
      if (!places.tryAcquire(deadline.remaining().toNanos() / 2, TimeUnit.NANOSECONDS)) {
        return TokenAnswerReader.unavailable(Cause.BUSY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return TokenAnswerReader.unavailable(Cause.BUSY);
    }
    try {
      return ask.apply(token, deadline);
    } finally {
      places.release();
    }
  }

  private static Introspected await(CompletableFuture<Introspected> running, Deadline deadline) {
    try {
      return running.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return TokenAnswerReader.unavailable(Cause.DEADLINE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return TokenAnswerReader.unavailable(Cause.DEADLINE);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a question always ends with a value", e);
    }
  }
}
