package dev.valetkey.telemetry;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Counts calls that were answered without asking an issuer, by server, on behalf of one session or
 * of nobody. Counting takes no lock, loses nothing and, once a server has been seen, needs no
 * memory. Thread-safe.
 *
 * <p>Servers are numbered by {@link Audit#serverNumber}.
 */
public final class HitCounters {
  private static final int PAGE = 8;

  private final Page first = new Page();
  private final @Nullable String issuer;
  private final @Nullable String subject;
  private final @Nullable String session;
  private final @Nullable String cache;

  /** Counters that no audit log sums up. */
  public HitCounters() {
    this(null, null, null, null);
  }

  /**
   * @param cache what the lines say of the cache: {@code hit}; null where no token is needed
   */
  HitCounters(
      @Nullable String issuer,
      @Nullable String subject,
      @Nullable String session,
      @Nullable String cache) {
    this.issuer = issuer;
    this.subject = subject;
    this.session = session;
    this.cache = cache;
  }

  /**
   * Counts one call; true if it is the first on this server since the counters exist: that one has
   * a line of its own.
   */
  public boolean hit(int server) {
    // One more than the number of hits not yet reported, so that zero means "never seen".
    return page(server).counts.getAndIncrement(server % PAGE) == 0;
  }

  /** Takes the hits behind the first that were not yet reported. */
  public int drain(int server) {
    int before = page(server).counts.getAndUpdate(server % PAGE, count -> Math.min(count, 1));
    return Math.max(0, before - 1);
  }

  /** Whether any hit waits to be reported. */
  boolean anyUnreported() {
    for (Page page = first; page != null; page = page.next.get()) {
      for (int slot = 0; slot < PAGE; slot++) {
        if (page.counts.get(slot) > 1) {
          return true;
        }
      }
    }
    return false;
  }

  /** How many servers may have been counted so far: one past the highest number. */
  public int servers() {
    int servers = PAGE;
    for (Page page = first.next.get(); page != null; page = page.next.get()) {
      servers += PAGE;
    }
    return servers;
  }

  /** A line's worth of hits. */
  AuditEvent summary(String server, int count) {
    return new AuditEvent(
        "call", server, "forward", null, issuer, subject, session, null, cache, -1, count);
  }

  // Pages are added and never replaced: a counter that is copied elsewhere would lose what is
  // counted meanwhile.
  private Page page(int server) {
    Page page = first;
    for (int i = server / PAGE; i > 0; i--) {
      Page next = page.next.get();
      if (next == null) {
        Page added = new Page();
        Page other = page.next.compareAndExchange(null, added);
        next = other == null ? added : other;
      }
      page = next;
    }
    return page;
  }

  private static final class Page {
    final AtomicIntegerArray counts = new AtomicIntegerArray(PAGE);
    final AtomicReference<@Nullable Page> next = new AtomicReference<>();
  }
}
