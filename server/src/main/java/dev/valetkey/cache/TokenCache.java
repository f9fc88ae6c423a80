package dev.valetkey.cache;

import dev.valetkey.acquire.Acquirer;
import dev.valetkey.cache.FailureMemory.Failure;
import dev.valetkey.config.CacheConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Session;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenProvider;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Issued tokens by user and server (design.md §6 and §7). A token is fetched once however many
 * calls wait for it, is fetched again in the background while it is in use, and never serves
 * another user or another server. Thread-safe.
 */
public final class TokenCache implements TokenProvider, AutoCloseable {
  /** What a call of a session that is over gets, without the issuer being asked. */
  private static final Rejected SESSION_OVER = new Rejected(Rejection.INVALID_GRANT);

  private final Store store;
  private final IssuedTokens issued;
  private final FailureMemory failures;
  private final Flights flights;
  private final Metrics metrics;
  private final InstantSource clock;

  /**
   * @param flightTime how long one acquisition may take, whoever waits for it
   * @param clock for the times of tokens
   * @param nanoTime for deadlines, as {@link System#nanoTime}
   * @param random spreads refreshes; used by many threads
   */
  public TokenCache(
      CacheConfig bounds,
      Acquirer acquirer,
      Duration flightTime,
      Metrics metrics,
      InstantSource clock,
      LongSupplier nanoTime,
      RandomGenerator random) {
    this.store = new Store(bounds, clock);
    this.issued = new IssuedTokens(bounds.maxEntries());
    this.failures = new FailureMemory();
    this.metrics = metrics;
    this.clock = clock;
    this.flights =
        new Flights(
            store,
            issued,
            failures,
            acquirer,
            metrics,
            clock,
            random,
            () -> Deadline.after(flightTime, nanoTime));
  }

  @Override
  public @Nullable TokenOutcome known(TokenRequest request) {
    long now = clock.millis();
    User user = request.user();
    if (user != null && user.session().hasEnded()) {
      return SESSION_OVER;
    }
    CacheKey key = CacheKey.of(request);
    Entry entry = store.get(key);
    Granted granted = entry == null ? null : entry.usable(now);
    if (entry != null && granted != null && entry.lasts(request.minLifetime().toMillis(), now)) {
      entry.follow(request.target());
      if (entry.claimRefresh(now)) {
        flights.refresh(entry, request);
      }
      return granted;
    }
    Failure failure = failures.inForce(key, user, now);
    if (failure == null) {
      return null;
    }
    // A stream gets the shorter token when asking for a longer one is of no use.
    return granted != null ? granted : failure.rejected();
  }

  @Override
  public TokenOutcome get(TokenRequest request, Deadline deadline) {
    TokenOutcome known = known(request);
    if (known != null) {
      return known;
    }
    Flight flight = flights.join(CacheKey.of(request), request);
    return settle(flight, flight.await(deadline), request, deadline);
  }

  /** What a flight's outcome means for one of those who waited. */
  private TokenOutcome settle(
      Flight flight, TokenOutcome outcome, TokenRequest request, Deadline deadline) {
    long now = clock.millis();
    User user = request.user();
    if (user != null && user.session().hasEnded()) {
      return SESSION_OVER;
    }
    if (flight.ended() && flight.landed()) {
      // It was begun for an earlier session of the same user that ended meanwhile.
      return get(request, deadline);
    }
    Entry entry = store.get(flight.key());
    Granted old =
        switch (outcome) {
          case Granted granted -> granted;
          case Rejected _ -> entry == null ? null : entry.usable(now);
          case Unavailable _ -> entry == null ? null : entry.unexpired(now);
        };
    return old == null ? outcome : old;
  }

  @Override
  public @Nullable TokenOutcome renew(TokenDigest refused, String server, Deadline deadline) {
    Entry entry = issued.find(refused);
    if (entry == null || !entry.target().server().name().equals(server)) {
      return null;
    }
    boolean gaveUp = false;
    if (store.get(entry.key()) == entry) {
      gaveUp = entry.refuse(clock.millis());
      Granted same = entry.granted();
      if (!gaveUp && same != null) {
        // Given up half a minute ago: the server's second 401 shall reach the agent.
        return same;
      }
    }
    TokenOutcome outcome =
        get(new TokenRequest(entry.target(), entry.user(), Duration.ZERO), deadline);
    if (gaveUp && outcome instanceof Granted) {
      metrics.server(server).renewed();
    }
    return outcome;
  }

  @Override
  public @Nullable TokenRequest issuedFor(TokenDigest token) {
    Entry entry = issued.find(token);
    return entry == null ? null : new TokenRequest(entry.target(), entry.user(), Duration.ZERO);
  }

  @Override
  public void forget(TokenDigest refused) {
    Entry entry = issued.find(refused);
    if (entry != null && store.peek(entry.key()) == entry) {
      entry.refuse(clock.millis());
    }
  }

  /** What would be answered now. Changes nothing, asks nobody, never blocks. */
  public Lookup peek(TokenRequest request) {
    long now = clock.millis();
    CacheKey key = CacheKey.of(request);
    Entry entry = store.peek(key);
    Granted granted = entry == null ? null : entry.usable(now);
    if (entry != null && granted != null && entry.lasts(request.minLifetime().toMillis(), now)) {
      return new Lookup.Hit(shown(entry, granted));
    }
    Failure failure = failures.peek(key, request.user(), now);
    return failure == null
        ? new Lookup.Miss()
        : new Lookup.Remembered(
            failure.rejected().rejection(), Instant.ofEpochMilli(failure.until()));
  }

  /**
   * Digest of the key that this request has; the same in every process with the same configuration.
   */
  public static TokenDigest keyDigest(TokenRequest request) {
    return CacheKey.of(request).digest();
  }

  /**
   * Drops every token of a session that is over; what is on its way for it will not be kept. Never
   * blocks.
   *
   * @return how many tokens were dropped
   */
  public int drop(Session session) {
    flights.drop(flight -> session.id().equals(flight.sessionId()));
    int dropped = 0;
    for (Entry entry : store.of(session)) {
      Granted granted = entry.granted();
      if (granted != null) {
        issued.remove(granted.token().digest(), entry);
      }
      if (store.remove(entry) && granted != null) {
        dropped++;
      }
    }
    issued.sweepIfDue(clock.millis());
    return dropped;
  }

  /** The tokens a session has, oldest first. */
  public List<CachedToken> entries(Session session) {
    long now = clock.millis();
    return store.of(session).stream()
        .flatMap(entry -> {
          Granted granted = entry.unexpired(now);
          return granted == null ? null : Stream.of(shown(entry, granted));
        })
        .toList();
  }

  /**
   * A secret of ours changed: what was refused because of the old one is asked again, and tokens
   * that were read from a file are read again.
   */
  public void secretsChanged() {
    failures.secretsChanged();
    flights.drop(flight -> isFromFile(flight.request().target()));
    store.removeIf(entry -> isFromFile(entry.target()));
  }

  /** Sets other bounds and keeps what fits. */
  public void resize(CacheConfig bounds) {
    store.resize(bounds);
    issued.bound(bounds.maxEntries());
  }

  /** Tokens kept. */
  public long size() {
    return store.size();
  }

  /** Acquisitions that have begun and not ended. For tests that wait for them. */
  int underWay() {
    return flights.size();
  }

  /** Estimated bytes of memory that the kept tokens take. */
  public long bytes() {
    return store.bytes();
  }

  /** Ends what is under way; nothing is acquired any more. */
  @Override
  public void close() {
    flights.close();
  }

  /**
   * Sizes of what is kept beside the tokens: sessions, issued digests, failures. For tests that
   * look for leaks.
   */
  List<Long> sideSizes() {
    return List.of((long) store.sessions(), issued.size(), failures.size());
  }

  private static boolean isFromFile(Target target) {
    return target.grant() instanceof GrantConfig.Static;
  }

  private static CachedToken shown(Entry entry, Granted granted) {
    return new CachedToken(
        entry.target().server().name(),
        Instant.ofEpochMilli(entry.expiresAt()),
        granted.token().digest());
  }
}
