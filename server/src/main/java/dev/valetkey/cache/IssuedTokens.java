package dev.valetkey.cache;

import dev.valetkey.token.Session;
import dev.valetkey.token.TokenDigest;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Every token that was issued, by its digest, until a minute after its end: a server may refuse one
 * that was replaced since, or because it ended on the way. Bounded: when too many are alive, those
 * that were replaced or evicted go. Thread-safe.
 */
final class IssuedTokens {
  private static final long GRACE = Duration.ofMinutes(1).toMillis();
  private static final long PAUSE = Duration.ofMinutes(1).toMillis();
  private static final int SMALLEST = 1_024;

  private final ConcurrentHashMap<TokenDigest, Entry> issued = new ConcurrentHashMap<>();
  private final AtomicBoolean sweeping = new AtomicBoolean();
  private volatile long bound;

  /** Size at which the next sweep is due; written by the thread that sweeps. */
  private volatile long sweepAt = SMALLEST;

  /** Milliseconds since 1970; written by the thread that sweeps. */
  private volatile long sweptAt;

  IssuedTokens(int maxEntries) {
    bound(maxEntries);
  }

  /** Sets the bound for a cache of that many entries: room for each and for one predecessor. */
  void bound(int maxEntries) {
    bound = Math.max(SMALLEST, 2L * maxEntries);
    sweepAt = Math.min(sweepAt, bound);
  }

  void add(TokenDigest digest, Entry entry, long now) {
    issued.put(digest, entry);
    sweepIfDue(now);
  }

  /**
   * Forgets what is over, when it is time for it: an entry keeps its session from being collected.
   */
  void sweepIfDue(long now) {
    boolean due = issued.mappingCount() > sweepAt || Math.abs(now - sweptAt) > PAUSE;
    if (due && sweeping.compareAndSet(false, true)) {
      try {
        sweep(now);
      } finally {
        sweeping.set(false);
      }
    }
  }

  @Nullable Entry find(TokenDigest digest) {
    return issued.get(digest);
  }

  void remove(TokenDigest digest, Entry entry) {
    issued.remove(digest, entry);
  }

  long size() {
    return issued.mappingCount();
  }

  // A sweep by size leaves room for as many tokens as it had to look at, or for half the bound, so
  // that its cost per token is
  // constant.
  private void sweep(long now) {
    sweptAt = now;
    issued.values().removeIf(entry -> over(entry, now));
    if (issued.mappingCount() >= bound) {
      issued.values().removeIf(entry -> entry.granted() == null);
    }
    sweepAt = Math.min(bound, Math.max(SMALLEST, 2 * issued.mappingCount()));
  }

  private static boolean over(Entry entry, long now) {
    Session session = entry.session();
    return now - entry.expiresAt() > GRACE || (session != null && !session.live(now));
  }
}
