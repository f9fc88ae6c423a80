package dev.valetkey.telemetry;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Counts one session's calls that were answered from the cache, by server. Counting takes no lock
 * and, once a server has been seen, no memory. Thread-safe.
 *
 * <p>Servers are numbered by {@link Audit#serverNumber}.
 */
public final class HitCounters {
  private volatile AtomicIntegerArray counts = new AtomicIntegerArray(0);

  /**
   * Counts one call; true if it is the first of this session on this server since the counters
   * exist.
   */
  public boolean hit(int server) {
    AtomicIntegerArray current = counts;
    if (server >= current.length()) {
      current = grow(server + 1);
    }
    // One more than the number of hits not yet reported, so that zero means "never seen".
    return current.getAndIncrement(server) == 0;
  }

  /** Takes the hits behind the first that were not yet reported. */
  public int drain(int server) {
    AtomicIntegerArray current = counts;
    if (server >= current.length()) {
      return 0;
    }
    int before = current.getAndUpdate(server, count -> Math.min(count, 1));
    return Math.max(0, before - 1);
  }

  /** How many servers may have been counted so far: one past the highest number. */
  public int servers() {
    return counts.length();
  }

  private synchronized AtomicIntegerArray grow(int length) {
    AtomicIntegerArray old = counts;
    if (length <= old.length()) {
      return old;
    }
    AtomicIntegerArray larger = new AtomicIntegerArray(length);
    for (int i = 0; i < old.length(); i++) {
      larger.set(i, old.get(i));
    }
    counts = larger;
    return larger;
  }
}
