package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of one server, found as MCP has it and kept: where its last challenge said, else at
 * the well-known place of its path, else at that of its origin (RFC 9728 §3.1, §5). All of these
 * are on the server's own origin. Thread-safe; {@link #get} is for virtual threads.
 */
public final class ServerMetadata {
  private static final String WELL_KNOWN = "/.well-known/oauth-protected-resource";
  private static final Duration FRESH = Duration.ofMinutes(10);

  /** How long an old document serves while no new one can be fetched. */
  private static final Duration STALE = Duration.ofHours(24);

  private static final Duration CHALLENGED_INTERVAL = Duration.ofSeconds(30);

  /**
   * What a fetch found.
   *
   * @param number of the fetch, counted from 1
   */
  private record Reading(ProtectedResource resource, long number) {}

  private final URI server;
  private final GuardedFetch fetch;
  private final Refreshing<Reading> readings;
  private final AtomicLong fetches = new AtomicLong();

  /** What these fetches found is in doubt. Written by whoever brings a challenge. */
  private volatile long doubtedUpTo;

  /** Where the last challenge that said so has the metadata. Written by whoever brings one. */
  private volatile @Nullable URI told;

  /**
   * @param server its URL in canonical form, without query and fragment
   * @param timeout for finding the metadata, all places together
   * @param nanoTime for ages, as {@link System#nanoTime}
   */
  public ServerMetadata(URI server, GuardedFetch fetch, Duration timeout, LongSupplier nanoTime) {
    this.server = server;
    this.fetch = fetch;
    this.readings = new Refreshing<>(FRESH, STALE, timeout, this::find, nanoTime);
  }

  /**
   * The metadata; waits for it until the deadline if none is at hand. After a challenge it is
   * looked for again, at most once in 30 s, and the old one serves if that fails.
   */
  public Fetched<ProtectedResource> get(Deadline deadline) {
    return switch (readings.get(deadline)) {
      case Fetched.Missed<Reading> missed -> new Fetched.Missed<>(missed.why());
      case Fetched.Got<Reading> got -> new Fetched.Got<>(current(got.value(), deadline).resource());
    };
  }

  /**
   * A server refused a token. That may be because its metadata changed, unless the token only
   * permits too little. Never waits.
   */
  public void challenged(Challenge challenge) {
    URI place = challenge.resourceMetadata();
    boolean moved = false;
    if (place != null && onOwnOrigin(place)) {
      moved = !place.equals(told);
      told = place;
    }
    if (moved || !"insufficient_scope".equals(challenge.error())) {
      doubtedUpTo = fetches.get();
    }
  }

  /** For an operator: {@code ok}, or what failed last. Without secrets; never waits. */
  public String state() {
    return readings.state();
  }

  @Override
  public String toString() {
    return "ServerMetadata[" + server + "]";
  }

  private Reading current(Reading held, Deadline deadline) {
    if (held.number() > doubtedUpTo) {
      return held;
    }
    return switch (readings.newerThan(held, CHALLENGED_INTERVAL, deadline)) {
      case Fetched.Got<Reading> got -> got.value();
      case Fetched.Missed<Reading> missed -> held;
    };
  }

  private Fetched<Reading> find(Deadline deadline) {
    // Counted before it begins: a challenge that comes while it runs puts it in doubt.
    long number = fetches.incrementAndGet();
    String why = "none";
    for (URI place : places()) {
      switch (fetch.get(place.toString(), deadline)) {
        case Document.Unreachable unreachable -> {
          // The other places are at the same origin.
          return new Fetched.Missed<>("resource metadata: " + unreachable.why());
        }
        case Document.Absent absent -> why = absent.why();
        case Document.Found found -> {
          return switch (ProtectedResource.read(found.json(), server)) {
            case Fetched.Missed<ProtectedResource> missed ->
                new Fetched.Missed<>("resource metadata: " + missed.why());
            case Fetched.Got<ProtectedResource> got ->
                new Fetched.Got<>(new Reading(got.value(), number));
          };
        }
      }
    }
    return new Fetched.Missed<>("resource metadata: " + why);
  }

  private Set<URI> places() {
    Set<URI> places = new LinkedHashSet<>();
    URI challenged = told;
    if (challenged != null) {
      places.add(challenged);
    }
    String root = server.getScheme() + "://" + server.getRawAuthority() + WELL_KNOWN;
    places.add(URI.create(root + server.getRawPath().replaceFirst("/$", "")));
    places.add(URI.create(root));
    return places;
  }

  private boolean onOwnOrigin(URI place) {
    Optional<Origin> origin = Origin.of(place);
    return origin.isPresent() && origin.equals(Origin.of(server)) && place.getRawFragment() == null;
  }
}
