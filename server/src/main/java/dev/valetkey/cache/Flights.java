package dev.valetkey.cache;

import dev.valetkey.acquire.Acquirer;
import dev.valetkey.cache.FailureMemory.Asked;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The acquisitions under way: at most one per key, each on a virtual thread of its own with a
 * deadline of its own, so that keys never wait for each other and a result is kept even when
 * everybody who asked has left. Thread-safe.
 */
final class Flights implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Flights.class);
  private static final long REJECTED_PAUSE = Duration.ofSeconds(30).toMillis();
  private static final Unavailable CLOSED =
      new Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(1));

  private final ConcurrentHashMap<CacheKey, Flight> flights = new ConcurrentHashMap<>();
  private final Set<String> shortLived = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("acquire-", 0).factory());
  private final Store store;
  private final IssuedTokens issued;
  private final FailureMemory failures;
  private final Acquirer acquirer;
  private final Metrics metrics;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Supplier<Deadline> deadlines;

  /**
   * @param deadlines makes the deadline of an acquisition that begins now
   */
  Flights(
      Store store,
      IssuedTokens issued,
      FailureMemory failures,
      Acquirer acquirer,
      Metrics metrics,
      InstantSource clock,
      RandomGenerator random,
      Supplier<Deadline> deadlines) {
    this.store = store;
    this.issued = issued;
    this.failures = failures;
    this.acquirer = acquirer;
    this.metrics = metrics;
    this.clock = clock;
    this.random = random;
    this.deadlines = deadlines;
  }

  /** The flight of this key; it is begun if there is none. */
  Flight join(CacheKey key, TokenRequest request) {
    Flight mine = new Flight(key, request, null);
    Flight running = flights.putIfAbsent(key, mine);
    if (running != null) {
      running.want(request);
      return running;
    }
    start(mine);
    return mine;
  }

  /** Gets a successor for {@code entry}, which serves meanwhile. Never blocks. */
  void refresh(Entry entry, TokenRequest request) {
    long now = clock.millis();
    CacheKey key = entry.key();
    if (failures.inForce(key, request.user(), now) != null) {
      entry.postponeRefresh(now + REJECTED_PAUSE);
      return;
    }
    Flight mine = new Flight(key, request, entry);
    if (flights.putIfAbsent(key, mine) == null) {
      start(mine);
    }
  }

  /** What is on its way for these shall not be kept. */
  void drop(Predicate<Flight> which) {
    flights.values().stream().filter(which).forEach(Flight::drop);
  }

  int size() {
    return flights.size();
  }

  /** Interrupts what is under way; from now on every flight ends as unavailable. */
  @Override
  public void close() {
    threads.shutdownNow();
  }

  private void start(Flight flight) {
    try {
      threads.execute(() -> fly(flight));
    } catch (RejectedExecutionException e) {
      land(flight, CLOSED);
    }
  }

  private void fly(Flight flight) {
    try {
      Granted landed = landedMeanwhile(flight);
      land(flight, landed != null ? landed : acquire(flight));
    } catch (RuntimeException | Error bug) {
      flights.remove(flight.key(), flight);
      flight.fail(bug);
      if (flight.replaces() != null) {
        // Those who wait get to see it; a refresh need not have any.
        log.atError()
            .setCause(bug)
            .addKeyValue("resource", server(flight).name())
            .log("refresh ended in a bug");
      }
    }
  }

  /** Whoever missed just before the key's last flight landed finds its token here. */
  private @Nullable Granted landedMeanwhile(Flight flight) {
    long now = clock.millis();
    Entry current = store.get(flight.key());
    if (current == null || current == flight.replaces() || !current.lasts(flight.wish(), now)) {
      return null;
    }
    return current.usable(now);
  }

  private TokenOutcome acquire(Flight flight) {
    Asked asked = failures.asking(flight.request().user());
    TokenOutcome outcome = acquirer.acquire(flight.request(), deadlines.get());
    long now = clock.millis();
    switch (outcome) {
      case Granted granted -> keep(flight, granted, now);
      case Rejected rejected -> {
        // Without its session it may have been asked without a user token; the next one asks anew.
        if (!flight.ended()) {
          failures.remember(flight.key(), rejected, asked, now);
        }
        Entry current = store.peek(flight.key());
        if (current != null) {
          current.postponeRefresh(now + REJECTED_PAUSE);
        }
      }
      case Unavailable unavailable -> {
        Entry current = store.peek(flight.key());
        if (current != null) {
          // Spread, so that not all come back at the moment at which the issuer may be asked again.
          current.bridge(
              now + (long) (unavailable.retryAfter().toMillis() * random.nextDouble(1, 1.5)));
        }
      }
    }
    return outcome;
  }

  private void keep(Flight flight, Granted granted, long now) {
    TokenRequest request = flight.request();
    AccessToken token = granted.token();
    // At 50 to 60 % of life, give or take a tenth: users who came together do not come back
    // together.
    double share = random.nextDouble(0.5, 0.6) * random.nextDouble(0.9, 1.1);
    Entry entry = new Entry(request.user(), request.target(), granted, share, flight.wish());
    failures.clear(flight.key());
    issued.add(token.digest(), entry, now);
    if (token.expiresAt() - now < flight.wish() && shortLived.add(server(flight).name())) {
      log.atWarn()
          .addKeyValue("resource", server(flight).name())
          .addKeyValue("lifetime", Duration.ofMillis(token.expiresAt() - now))
          .log("fresh tokens are shorter than stream_min_lifetime");
    }
    if (token.expiresAt() <= now || !wanted(flight, now)) {
      entry.release();
      return;
    }
    store.keep(entry);
    if (!wanted(flight, now)) {
      // Dropped between the look and the keeping.
      store.remove(entry);
    }
    if (flight.replaces() != null) {
      metrics.server(server(flight).name()).refreshed();
    }
  }

  private static boolean wanted(Flight flight, long now) {
    return !flight.dropped() && flight.live(now);
  }

  // The result is kept before the flight goes: whoever finds no flight any more finds the token.
  private void land(Flight flight, TokenOutcome outcome) {
    flights.remove(flight.key(), flight);
    flight.complete(outcome);
  }

  private static ServerConfig server(Flight flight) {
    return flight.request().target().server();
  }
}
