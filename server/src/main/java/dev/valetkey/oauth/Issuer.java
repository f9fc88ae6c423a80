package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.ProofKey;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome.Cause;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One issuer of tokens: its connections, addresses, keys, and the memory of its failures. Lives as
 * long as its configuration record does not change. Thread-safe; every method that waits is for
 * virtual threads.
 */
public final class Issuer implements AutoCloseable {
  private static final Duration METADATA_FRESH = Duration.ofMinutes(10);
  private static final Duration KEYS_FRESH = Duration.ofMinutes(5);

  /** How long old documents serve while new ones cannot be fetched. */
  private static final Duration STALE = Duration.ofHours(24);

  private static final Duration UNKNOWN_KEY_INTERVAL = Duration.ofSeconds(30);
  private static final int MAX_KEYS_BODY = 1024 * 1024;
  private static final int MAX_TOKEN_BODY = 256 * 1024;

  private final IssuerConfig config;
  private final IssuerConnections connections;
  private final TokenAnswerReader reader;
  private final TokenEndpoint tokenEndpoint;
  private final @Nullable DpopKey dpop;
  private final IntrospectionEndpoint introspectionEndpoint;
  private final Introspection introspection;
  private final LongSupplier nanoTime;

  private final Breaker breaker;

  /**
   * By the endpoint where tokens are kept, which fails on its own: a server's configuration names
   * it. As many as configurations ever named.
   */
  private final Map<URI, Breaker> stores = new ConcurrentHashMap<>();

  private final Refreshing<Metadata> metadata;
  private final Refreshing<KeySet> keys;

  /**
   * @param nonces that servers gave, for the proofs of tokens that are bound to a key
   */
  Issuer(
      IssuerConfig config,
      InstantSource clock,
      LongSupplier nanoTime,
      SecureRandom random,
      DpopNonces nonces) {
    this.config = config;
    this.nanoTime = nanoTime;
    this.breaker = new Breaker(nanoTime);
    this.connections = new IssuerConnections(config);
    this.reader = new TokenAnswerReader(clock);
    this.dpop = config.dpopBoundAccessTokens() ? new DpopKey(clock, random, nonces) : null;
    ClientAuthentication authentication = ClientAuthentication.of(config, clock, random);
    this.tokenEndpoint =
        new TokenEndpoint(new SignedPosts(connections, authentication, dpop), reader);
    this.introspectionEndpoint =
        new IntrospectionEndpoint(
            new SignedPosts(connections, authentication, null), reader, clock);
    this.introspection =
        new Introspection(
            (token, deadline) -> guarded(breaker, down -> down, () -> askAbout(token, deadline)),
            config.timeout(),
            config.maxInFlight(),
            nanoTime);
    Discovery discovery = new Discovery(config, connections);
    this.metadata =
        new Refreshing<>(METADATA_FRESH, STALE, config.timeout(), discovery::fetch, nanoTime);
    this.keys = new Refreshing<>(KEYS_FRESH, STALE, config.timeout(), this::fetchKeys, nanoTime);
  }

  public IssuerConfig config() {
    return config;
  }

  /**
   * Asks for a token; our client authentication is added to {@code form}. Takes no longer than the
   * configured timeout, whatever {@code deadline} says. While the issuer keeps failing, or asked to
   * wait, it is not asked.
   */
  public TokenAnswer token(Form form, Deadline deadline) {
    return guarded(breaker, down -> down, () -> ask(form, deadline.atMost(config.timeout())));
  }

  /**
   * Fetches a token that is kept at {@code endpoint} for the owner of {@code bearer}; otherwise as
   * {@link #token}.
   */
  public TokenAnswer stored(URI endpoint, Secret bearer, Deadline deadline) {
    Map<String, String> headers = Map.of("Authorization", "Bearer " + bearer.reveal());
    return guarded(
        stores.computeIfAbsent(endpoint, place -> new Breaker(nanoTime)),
        down -> down,
        () ->
            reader.readStored(
                connections.get(
                    endpoint, headers, MAX_TOKEN_BODY, deadline.atMost(config.timeout()))));
  }

  /** The key that this issuer's tokens are bound to; null: they are not. */
  public @Nullable ProofKey proofKey() {
    return dpop;
  }

  /** Thumbprint of {@link #proofKey}; null without one. */
  public @Nullable String proofKeyThumbprint() {
    return dpop == null ? null : dpop.thumbprint();
  }

  /**
   * What this issuer says of a token, with our client authentication, within the same limits as
   * {@link #token}.
   */
  Introspected introspect(Secret token, Deadline deadline) {
    return introspection.of(token, deadline);
  }

  /**
   * Fetches addresses and keys, so that the first call need not; how that went is in {@link
   * #state}.
   */
  public void prepare(Deadline deadline) {
    metadata.get(deadline);
    keys.get(deadline);
  }

  /** For an operator: {@code ok}, or what failed last. Without secrets; never waits. */
  public String state() {
    String ofMetadata = metadata.state();
    return ofMetadata.equals("ok") ? keys.state() : ofMetadata;
  }

  /** Lets running calls end. */
  @Override
  public void close() {
    connections.close();
  }

  @Override
  public String toString() {
    return "Issuer[" + config.name() + "]";
  }

  /** The keys that user tokens may be signed with. */
  Fetched<KeySet> keys(Deadline deadline) {
    return keys.get(deadline);
  }

  /** Keys other than {@code seen}; fetched for this at most once in 30 s. */
  Fetched<KeySet> keysAfter(KeySet seen, Deadline deadline) {
    return keys.newerThan(seen, UNKNOWN_KEY_INTERVAL, deadline);
  }

  /**
   * Asks, unless the endpoint is to be left alone, and remembers how that went.
   *
   * @param down the answer in the second case
   */
  private static <A> A guarded(
      Breaker breaker, Function<TokenAnswer.Unavailable, A> down, Supplier<A> ask) {
    Duration wait = breaker.admit();
    if (wait.isPositive()) {
      Cause cause = breaker.asked() ? Cause.RATE_LIMIT : Cause.UNREACHABLE;
      return down.apply(new TokenAnswer.Unavailable(cause, RetryAfter.clamp(wait)));
    }
    boolean asked = false;
    try {
      A answer = ask.get();
      asked = true;
      if (answer instanceof TokenAnswer.Unavailable unavailable) {
        settle(breaker, unavailable);
      } else {
        breaker.succeeded();
      }
      return answer;
    } finally {
      if (!asked) {
        breaker.abandoned();
      }
    }
  }

  private static void settle(Breaker breaker, TokenAnswer.Unavailable unavailable) {
    switch (unavailable.cause()) {
      case UNREACHABLE, DEADLINE -> breaker.failed();
      case RATE_LIMIT -> breaker.pause(unavailable.retryAfter());
      case BUSY -> breaker.abandoned();
      // It answered, however badly; the others are not said of issuers.
      case ANSWER, METADATA, CONSENT, BROKER -> breaker.succeeded();
    }
  }

  private TokenAnswer ask(Form form, Deadline deadline) {
    return at(
        config.tokenEndpoint(),
        Metadata::tokenEndpoint,
        deadline,
        down -> down,
        endpoint -> tokenEndpoint.ask(endpoint, form, deadline));
  }

  private Introspected askAbout(Secret token, Deadline deadline) {
    return at(
        config.introspectionEndpoint(),
        Metadata::introspectionEndpoint,
        deadline,
        down -> down,
        endpoint -> introspectionEndpoint.ask(endpoint, token, deadline));
  }

  /** Asks at an endpoint that is pinned or discovered. */
  private <A> A at(
      @Nullable URI pinned,
      Function<Metadata, @Nullable URI> discovered,
      Deadline deadline,
      Function<TokenAnswer.Unavailable, A> down,
      Function<URI, A> ask) {
    if (pinned != null) {
      return ask.apply(pinned);
    }
    return switch (metadata.get(deadline)) {
      case Fetched.Missed<Metadata> missed ->
          down.apply(
              TokenAnswerReader.unavailable(
                  deadline.passed() ? Cause.DEADLINE : Cause.UNREACHABLE));
      case Fetched.Got<Metadata> got -> {
        URI endpoint = discovered.apply(got.value());
        yield endpoint == null
            ? down.apply(TokenAnswerReader.unavailable(Cause.ANSWER))
            : ask.apply(endpoint);
      }
    };
  }

  private Fetched<KeySet> fetchKeys(Deadline deadline) {
    URI place = config.jwksUri();
    if (place == null) {
      switch (metadata.get(deadline)) {
        case Fetched.Missed<Metadata> missed -> {
          return new Fetched.Missed<>("keys: " + missed.why());
        }
        case Fetched.Got<Metadata> got -> place = got.value().jwksUri();
      }
    }
    if (place == null) {
      return new Fetched.Missed<>("keys: the metadata has no usable jwks_uri");
    }
    return switch (connections.get(place, MAX_KEYS_BODY, deadline)) {
      case Reply.Failed failed -> new Fetched.Missed<>("keys: " + failed.failure());
      case Reply.Unusable unusable -> new Fetched.Missed<>("keys: unusable body");
      case Reply.Answered answered ->
          answered.status() == 200
              ? readKeys(answered.json())
              : new Fetched.Missed<>("keys: status " + answered.status());
    };
  }

  private static Fetched<KeySet> readKeys(Optional<JsonObject> body) {
    // A set without usable keys counts as a failure, so that it does not replace keys that work.
    return body.flatMap(KeySet::parse)
        .<Fetched<KeySet>>map(Fetched.Got::new)
        .orElseGet(() -> new Fetched.Missed<>("keys: no usable key"));
  }
}
