package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A document that is fetched when it is needed and kept. Fresh for a while; then served while a
 * fetch runs behind it; at twice that age callers wait for the fetch; and if the fetch fails the
 * old one serves until it is too old. All callers share one fetch, which runs on a thread of its
 * own, so that a caller that gives up does not end it. Failed fetches are spaced by a {@link
 * Breaker}. Thread-safe.
 */
final class Refreshing<T> {

  private record Held<T>(T value, long at) {}

  private final Duration fresh;
  private final Duration usable;
  private final Duration fetchTimeout;
  private final Function<Deadline, Fetched<T>> fetch;
  private final LongSupplier nanoTime;
  private final Breaker breaker;

  /** Written under this object's lock, which guards the fields below too. */
  private volatile @Nullable Held<T> held;

  private @Nullable CompletableFuture<Fetched<T>> flight;
  private boolean forced;
  private long lastForced;
  private Fetched.Missed<T> lastMiss = new Fetched.Missed<>("not tried yet");
  private volatile String state = "not tried yet";

  Refreshing(
      Duration fresh,
      Duration usable,
      Duration fetchTimeout,
      Function<Deadline, Fetched<T>> fetch,
      LongSupplier nanoTime) {
    this.fresh = fresh;
    this.usable = usable;
    this.fetchTimeout = fetchTimeout;
    this.fetch = fetch;
    this.nanoTime = nanoTime;
    this.breaker = new Breaker(nanoTime);
  }

  /** The document; waits for it until {@code deadline} if none is at hand. */
  Fetched<T> get(Deadline deadline) {
    Held<T> current = held;
    if (current == null) {
      return await(start(), deadline);
    }
    Duration age = age(current);
    if (age.compareTo(fresh) < 0) {
      return new Fetched.Got<>(current.value());
    }
    CompletableFuture<Fetched<T>> running = start();
    if (age.compareTo(fresh.multipliedBy(2)) < 0) {
      return new Fetched.Got<>(current.value());
    }
    return switch (await(running, deadline)) {
      case Fetched.Got<T> got -> got;
      case Fetched.Missed<T> missed ->
          age.compareTo(usable) < 0 ? new Fetched.Got<>(current.value()) : missed;
    };
  }

  /**
   * A document other than {@code seen}, which lacks what the caller looks for. At most one fetch is
   * started for this in {@code every}; a fetch that runs already is waited for.
   */
  Fetched<T> newerThan(T seen, Duration every, Deadline deadline) {
    CompletableFuture<Fetched<T>> running;
    synchronized (this) {
      Held<T> current = held;
      if (current != null && !current.value().equals(seen)) {
        return new Fetched.Got<>(current.value());
      }
      if (flight == null) {
        long now = nanoTime.getAsLong();
        if (forced && now - lastForced < every.toNanos()) {
          return new Fetched.Missed<>("asked a moment ago");
        }
        forced = true;
        lastForced = now;
      }
      running = start();
    }
    return await(running, deadline);
  }

  /** {@code ok}, or in a few words what the last fetch failed of. */
  String state() {
    return state;
  }

  private Duration age(Held<T> document) {
    return Duration.ofNanos(nanoTime.getAsLong() - document.at());
  }

  private synchronized CompletableFuture<Fetched<T>> start() {
    if (flight != null) {
      return flight;
    }
    if (breaker.admit().isPositive()) {
      return CompletableFuture.completedFuture(lastMiss);
    }
    CompletableFuture<Fetched<T>> started = new CompletableFuture<>();
    flight = started;
    Thread.ofVirtual().name("valetkey-issuer-document").start(() -> fly(started));
    return started;
  }

  private void fly(CompletableFuture<Fetched<T>> started) {
    Fetched<T> fetched = new Fetched.Missed<>("internal error");
    try {
      fetched = fetch.apply(Deadline.after(fetchTimeout, nanoTime));
    } finally {
      land(fetched);
      started.complete(fetched);
    }
  }

  private synchronized void land(Fetched<T> fetched) {
    flight = null;
    switch (fetched) {
      case Fetched.Got<T> got -> {
        held = new Held<>(got.value(), nanoTime.getAsLong());
        state = "ok";
        breaker.succeeded();
      }
      case Fetched.Missed<T> missed -> {
        lastMiss = missed;
        state = missed.why();
        breaker.failed();
      }
    }
  }

  private static <T> Fetched<T> await(CompletableFuture<Fetched<T>> running, Deadline deadline) {
    try {
      return running.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return new Fetched.Missed<>("timeout");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Fetched.Missed<>("interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a fetch always completes with a value", e);
    }
  }
}
