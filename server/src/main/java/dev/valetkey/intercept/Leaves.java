package dev.valetkey.intercept;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The leaf of each host, renewed at half its life. Read by any thread; written by the one that
 * calls {@link #renew}.
 */
public final class Leaves {
  private final PodAuthority authority;
  private final Duration life;
  private final InstantSource clock;
  private volatile Map<String, Leaf> current;
  private volatile Runnable listener = () -> {};

  /** A first leaf for each host. */
  Leaves(PodAuthority authority, Collection<String> hosts, Duration life, InstantSource clock) {
    this.authority = authority;
    this.life = life;
    this.clock = clock;
    Instant now = clock.instant();
    Map<String, Leaf> first = new LinkedHashMap<>();
    hosts.forEach(host -> first.put(host, authority.leaf(host, now, life)));
    this.current = first;
  }

  /** The leaf to be shown now; null: not one of our hosts. */
  public @Nullable Leaf of(String host) {
    return current.get(host);
  }

  /** How many hosts there are; that does not change. */
  public int count() {
    return current.size();
  }

  /** Is told, by the renewing thread, after some leaves were renewed. Set once. */
  public void onRenewal(Runnable told) {
    listener = told;
  }

  /** Renews what is due. */
  public void renew() {
    Instant now = clock.instant();
    Map<String, Leaf> next = new LinkedHashMap<>(current);
    boolean any = false;
    for (Leaf leaf : current.values()) {
      if (!now.isBefore(leaf.renewAt())) {
        next.put(leaf.host(), authority.leaf(leaf.host(), now, life));
        any = true;
      }
    }
    if (any) {
      current = next;
      listener.run();
    }
  }
}
