package dev.valetkey.cache;

import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Session;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * An issued token with what is needed to judge it and to get the next one. When the token is
 * replaced, refused or evicted it is let go of, and the entry lives on only to be recognised by its
 * digest.
 *
 * <p>All times are milliseconds since 1970. Thread-safe: readers take no lock; the thread of the
 * key's flight postpones, any thread may refuse or release.
 */
final class Entry {
  /** How often a key's token may be given up because its server refused it (design.md §7). */
  static final long RENEWAL_PAUSE = Duration.ofSeconds(30).toMillis();

  /**
   * What an entry takes beside its token's text, measured on a 64-bit JVM: see
   * TokenCacheMemoryTest.
   */
  private static final int OVERHEAD = 432;

  private static final AtomicLongFieldUpdater<Entry> REFRESH_AT =
      AtomicLongFieldUpdater.newUpdater(Entry.class, "refreshAt");

  private final @Nullable User user;
  private final long expiresAt;

  /** Written by any caller under another configuration; its {@code keyPart} is always the same. */
  private volatile Target target;

  /** Null once the token must not be used any more. */
  private volatile @Nullable Granted granted;

  private volatile long usableUntil;
  private volatile long refreshAt;

  /**
   * Until then a stream takes this token although it is shorter than wished; 0: no stream was
   * disappointed yet.
   */
  private volatile long streamUntil;

  /** When a token of this key was last given up; guarded by this. */
  private long renewedAt = Long.MIN_VALUE / 2;

  /**
   * @param refreshShare at which share of the token's life it is refreshed, 0 to 1
   * @param wish the remaining life, in milliseconds, that the token was fetched for; 0: none
   */
  Entry(@Nullable User user, Target target, Granted granted, double refreshShare, long wish) {
    AccessToken token = granted.token();
    long life = token.expiresAt() - token.issuedAt();
    long margin = Math.min(target.server().earlyExpiry().toMillis(), life / 3);
    this.user = user;
    this.target = target;
    this.granted = granted;
    this.expiresAt = token.expiresAt();
    this.usableUntil = expiresAt - margin;
    this.refreshAt = token.issuedAt() + (long) (life * refreshShare);
    this.streamUntil = life < wish ? token.issuedAt() + life / 2 : 0;
  }

  /** Made anew each time: the key that the map holds is not held twice. */
  CacheKey key() {
    return CacheKey.of(user, target);
  }

  @Nullable User user() {
    return user;
  }

  Target target() {
    return target;
  }

  /**
   * The next token is got as {@code current} says: a later configuration may have the same key and
   * another way to the issuer.
   */
  @SuppressWarnings("ReferenceEquality") // equal or not, another one is taken; a write less per hit
  void follow(Target current) {
    if (target != current) {
      target = current;
    }
  }

  /** The session whose end ends this entry; null where the grant needs no user. */
  @Nullable Session session() {
    return user == null ? null : user.session();
  }

  long expiresAt() {
    return expiresAt;
  }

  /** The token, however close to its end; null once it was given up. */
  @Nullable Granted granted() {
    return granted;
  }

  /** The token if it may be used at {@code now}; null otherwise. */
  @Nullable Granted usable(long now) {
    return now < usableUntil && live(now) ? granted : null;
  }

  /** The token if nothing better can be had: also in the margin before its end. */
  @Nullable Granted unexpired(long now) {
    return now < expiresAt && live(now) ? granted : null;
  }

  /**
   * Whether the token lasts for {@code wish} milliseconds, or is as fresh as this issuer makes
   * them.
   */
  boolean lasts(long wish, long now) {
    return expiresAt - now >= wish || now < streamUntil;
  }

  private boolean live(long now) {
    return user == null || user.session().live(now);
  }

  /** Whether it is time to refresh and nobody has begun: true for one caller. */
  boolean claimRefresh(long now) {
    long at = refreshAt;
    return now >= at && REFRESH_AT.compareAndSet(this, at, Long.MAX_VALUE);
  }

  /** The next refresh is not to be tried before {@code until}. */
  void postponeRefresh(long until) {
    refreshAt = until;
  }

  /**
   * The issuer cannot be asked before {@code until}: the token serves meanwhile, at most until its
   * real end.
   */
  void bridge(long until) {
    refreshAt = until;
    usableUntil = Math.max(usableUntil, Math.min(expiresAt, until));
    streamUntil = Math.max(streamUntil, until);
  }

  /**
   * Takes over what the key's earlier token taught: when one was given up, and that streams were
   * disappointed.
   */
  void inherit(Entry earlier, long streamWish) {
    long renewed;
    synchronized (earlier) {
      renewed = earlier.renewedAt;
    }
    synchronized (this) {
      renewedAt = renewed;
    }
    Granted own = granted;
    if (own != null && streamUntil == 0 && earlier.streamUntil > 0) {
      long life = expiresAt - own.token().issuedAt();
      streamUntil = life < streamWish ? own.token().issuedAt() + life / 2 : 0;
    }
  }

  /**
   * Gives the token up because its server refused it; false if it is gone already, or one of this
   * key was just given up.
   */
  synchronized boolean refuse(long now) {
    // A clock that was set back must not stop renewals until it has caught up.
    if (granted == null || Math.abs(now - renewedAt) < RENEWAL_PAUSE) {
      return false;
    }
    granted = null;
    renewedAt = now;
    return true;
  }

  /** Lets go of the token. */
  synchronized void release() {
    granted = null;
  }

  /** Estimated bytes of memory. */
  int bytes() {
    Granted held = granted;
    return OVERHEAD + (held == null ? 0 : held.token().authorization().length);
  }

  @Override
  public String toString() {
    Granted held = granted;
    return "Entry[" + target.server().name() + (held == null ? "" : " " + held.token()) + "]";
  }
}
