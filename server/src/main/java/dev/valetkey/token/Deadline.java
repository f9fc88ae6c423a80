package dev.valetkey.token;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * A moment after which an answer is of no use, on a clock that only runs forward.
 *
 * @param nanoTime the clock, as {@link System#nanoTime}
 * @param at its reading at the deadline
 */
public record Deadline(LongSupplier nanoTime, long at) {

  public static Deadline after(Duration duration, LongSupplier nanoTime) {
    return new Deadline(nanoTime, nanoTime.getAsLong() + duration.toNanos());
  }

  /** What is left; zero or less when it has passed. */
  public Duration remaining() {
    return Duration.ofNanos(at - nanoTime.getAsLong());
  }

  public boolean passed() {
    return at - nanoTime.getAsLong() <= 0;
  }

  /** The earlier of this deadline and {@code duration} from now. */
  public Deadline atMost(Duration duration) {
    Deadline other = after(duration, nanoTime);
    return other.at - at < 0 ? other : this;
  }
}
