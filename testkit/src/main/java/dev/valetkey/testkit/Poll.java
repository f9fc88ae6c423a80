package dev.valetkey.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition of another thread or process. */
public final class Poll {
  private static final Duration STEP = Duration.ofMillis(5);

  private Poll() {}

  /** Returns as soon as the condition holds. Fails with the description after {@code patience}. */
  public static void until(Duration patience, String what, BooleanSupplier condition) {
    until(patience, () -> "waited " + patience + " for " + what, condition);
  }

  /** The same, with a message that is made only on failure. */
  public static void until(
      Duration patience, Supplier<String> onFailure, BooleanSupplier condition) {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError(onFailure.get());
      }
      if (Thread.interrupted()) {
        throw new AssertionError("interrupted: " + onFailure.get());
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
  }
}
