package dev.valetkey.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Policy.Eviction;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.valetkey.config.CacheConfig;
import dev.valetkey.token.Session;
import dev.valetkey.token.TokenDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The entries that are kept, bounded by number, by bytes and per session. Thread-safe; {@link #get}
 * takes no lock.
 *
 * <p>Which keys a session has is changed only inside the library's atomic step for that key. So a
 * key is listed exactly while its entry is here, whatever evicts it, and the end of a session finds
 * every token.
 */
final class Store {
  static final int MAX_PER_SESSION = 256;
  private static final CacheKey[] NONE = {};

  private final Cache<CacheKey, Entry> entries;
  private final ConcurrentHashMap<TokenDigest, CacheKey[]> sessions = new ConcurrentHashMap<>();
  private volatile CacheConfig bounds;

  Store(CacheConfig bounds, InstantSource clock) {
    this.bounds = bounds;
    // The library's housekeeping runs on whichever thread comes by: it is short, and a pool would
    // cost more than it.
    this.entries =
        Caffeine.newBuilder()
            .maximumWeight(maximumWeight(bounds))
            .weigher((CacheKey key, Entry entry) -> weight(entry))
            .expireAfter(Expiry.writing((CacheKey key, Entry entry) -> untilExpiry(entry, clock)))
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .evictionListener((@Nullable CacheKey key, @Nullable Entry entry, RemovalCause cause) ->
                evicted(entry))
            .executor(Runnable::run)
            .build();
  }

  @Nullable Entry get(CacheKey key) {
    return entries.getIfPresent(key);
  }

  /** As {@link #get}, without counting as a use. */
  @Nullable Entry peek(CacheKey key) {
    return entries.policy().getIfPresentQuietly(key);
  }

  /** Keeps {@code entry} in place of the one its key had. */
  void keep(Entry entry) {
    CacheConfig current = bounds;
    if (current.maxEntries() == 0) {
      entry.release();
      return;
    }
    List<CacheKey> tooMany = new ArrayList<>(1);
    entries
        .asMap()
        .compute(
            entry.key(),
            (key, earlier) -> {
              if (earlier != null) {
                entry.inherit(earlier, entry.target().server().streamMinLifetime().toMillis());
                earlier.release();
              }
              list(entry, tooMany);
              return entry;
            });
    tooMany.forEach(this::remove);
  }

  /** Lets go of {@code entry} if it is still the one of its key. */
  boolean remove(Entry entry) {
    boolean[] removed = {false};
    entries
        .asMap()
        .computeIfPresent(
            entry.key(),
            (key, current) -> {
              if (current != entry) {
                return current;
              }
              removed[0] = true;
              evicted(current);
              return null;
            });
    return removed[0];
  }

  private void remove(CacheKey key) {
    Entry entry = peek(key);
    if (entry != null) {
      remove(entry);
    }
  }

  /** The entries of a session. */
  List<Entry> of(Session session) {
    List<Entry> found = new ArrayList<>();
    for (CacheKey key : sessions.getOrDefault(session.id(), NONE)) {
      Entry entry = peek(key);
      if (entry != null) {
        found.add(entry);
      }
    }
    return found;
  }

  /** Sets other bounds; what is too much goes at once. */
  void resize(CacheConfig wanted) {
    bounds = wanted;
    // Each entry is weighed anew: its share depends on the number of entries.
    for (CacheKey key : entries.asMap().keySet()) {
      entries.asMap().computeIfPresent(key, (same, entry) -> entry);
    }
    entries.policy().eviction().ifPresent(eviction -> setMaximum(eviction, wanted));
    entries.cleanUp();
  }

  private static void setMaximum(Eviction<CacheKey, Entry> eviction, CacheConfig wanted) {
    eviction.setMaximum(maximumWeight(wanted));
  }

  /** Tokens kept. */
  long size() {
    entries.cleanUp();
    return entries.estimatedSize();
  }

  /** Sessions with a kept token. */
  int sessions() {
    return sessions.size();
  }

  /** Estimated bytes of memory; looks at each entry. */
  long bytes() {
    return entries.asMap().values().stream().mapToLong(Entry::bytes).sum();
  }

  private static long maximumWeight(CacheConfig bounds) {
    return bounds.maxEntries() == 0 ? 0 : bounds.maxBytes();
  }

  // The library takes one bound: an entry weighs at least its share of the bytes, so that the
  // number is bounded too.
  private int weight(Entry entry) {
    CacheConfig current = bounds;
    long share = Math.ceilDiv(current.maxBytes(), Math.max(1, current.maxEntries()));
    return (int) Math.min(Integer.MAX_VALUE, Math.max(entry.bytes(), share));
  }

  private static Duration untilExpiry(Entry entry, InstantSource clock) {
    return Duration.ofMillis(entry.expiresAt() - clock.millis());
  }

  private void evicted(@Nullable Entry entry) {
    if (entry == null) {
      return;
    }
    entry.release();
    Session session = entry.session();
    if (session != null) {
      sessions.computeIfPresent(session.id(), (id, keys) -> without(keys, entry.key()));
    }
  }

  private void list(Entry entry, List<CacheKey> tooMany) {
    Session session = entry.session();
    if (session != null) {
      sessions.compute(
          session.id(), (id, keys) -> with(keys == null ? NONE : keys, entry.key(), tooMany));
    }
  }

  private static CacheKey[] with(CacheKey[] keys, CacheKey key, List<CacheKey> tooMany) {
    for (CacheKey listed : keys) {
      if (listed.equals(key)) {
        return keys;
      }
    }
    int first = keys.length < MAX_PER_SESSION ? 0 : 1;
    tooMany.addAll(Arrays.asList(keys).subList(0, first));
    CacheKey[] grown = Arrays.copyOfRange(keys, first, keys.length + 1);
    grown[grown.length - 1] = key;
    return grown;
  }

  private static CacheKey @Nullable [] without(CacheKey[] keys, CacheKey key) {
    for (int i = 0; i < keys.length; i++) {
      if (keys[i].equals(key)) {
        if (keys.length == 1) {
          return null;
        }
        CacheKey[] shorter = Arrays.copyOf(keys, keys.length - 1);
        System.arraycopy(keys, i + 1, shorter, i, shorter.length - i);
        return shorter;
      }
    }
    return keys;
  }
}
