package dev.valetkey.oauth;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Keeps us from asking an issuer that fails again and again, or that asked us to wait. After
 * {@value #TOLERATED} failures in a row nobody asks for 1 s; then one caller probes, and each
 * failed probe doubles the wait up to 30 s. Thread-safe.
 *
 * <p>Whoever was let in says exactly once how it ended: {@link #succeeded}, {@link #failed}, {@link
 * #pause} or {@link #abandoned}.
 */
final class Breaker {
  private static final int TOLERATED = 3;
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final LongSupplier nanoTime;
  private int failuresInARow;
  private boolean open;
  private boolean asked;
  private boolean probing;
  private long notBefore;
  private Duration nextWait = SHORTEST;

  Breaker(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Zero: ask now. Else: not before this much time. */
  synchronized Duration admit() {
    if (!open) {
      return Duration.ZERO;
    }
    long wait = notBefore - nanoTime.getAsLong();
    if (wait > 0) {
      return Duration.ofNanos(wait);
    }
    if (probing) {
      return SHORTEST;
    }
    probing = true;
    return Duration.ZERO;
  }

  synchronized void succeeded() {
    failuresInARow = 0;
    // A call that began before failures closed the way and ends well says as much as a probe; a
    // wait that was asked for stays.
    if (asked && !probing && notBefore - nanoTime.getAsLong() > 0) {
      return;
    }
    open = false;
    probing = false;
    nextWait = SHORTEST;
  }

  synchronized void failed() {
    failuresInARow++;
    boolean late = open && !probing;
    // Calls that were under way when it opened do not lengthen the wait.
    if (failuresInARow < TOLERATED || late) {
      return;
    }
    asked = false;
    openFor(nextWait);
    nextWait = nextWait.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : nextWait.multipliedBy(2);
  }

  /** The issuer asked for a wait: the longest that was asked for counts. */
  synchronized void pause(Duration wait) {
    long end = nanoTime.getAsLong() + wait.toNanos();
    if (!open || end - notBefore > 0) {
      asked = true;
      openFor(wait);
    } else {
      probing = false;
    }
  }

  /** Whether the last wait was the issuer's wish, and not the consequence of failures. */
  synchronized boolean asked() {
    return asked;
  }

  /** The call ended without telling anything about the issuer. */
  synchronized void abandoned() {
    probing = false;
  }

  private void openFor(Duration wait) {
    open = true;
    probing = false;
    notBefore = nanoTime.getAsLong() + wait.toNanos();
  }
}
