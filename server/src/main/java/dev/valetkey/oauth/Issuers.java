package dev.valetkey.oauth;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import java.net.URI;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The issuers and token brokers in use. Lives longer than any configuration: an issuer whose record
 * did not change keeps its connections, keys and failures over a reload. Thread-safe.
 */
public final class Issuers implements AutoCloseable {
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final SecureRandom random;
  private final Map<IssuerConfig, Issuer> issuers = new ConcurrentHashMap<>();
  private final Map<GrantConfig.TokenBroker, TokenBroker> brokers = new ConcurrentHashMap<>();

  /** Of servers: cached tokens outlive the issuers that gave them, and so do the keys they name. */
  private final DpopNonces nonces = new DpopNonces();

  /**
   * @param clock for what stands in tokens and headers
   * @param nanoTime for waits and ages, as {@link System#nanoTime}
   */
  public Issuers(InstantSource clock, LongSupplier nanoTime, SecureRandom random) {
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.random = random;
  }

  /** The issuer of this record: always the same one for equal records. Makes no connection. */
  public Issuer of(IssuerConfig config) {
    return issuers.computeIfAbsent(config, c -> new Issuer(c, clock, nanoTime, random, nonces));
  }

  /** The broker of this grant: always the same one for equal grants. Makes no connection. */
  public TokenBroker of(GrantConfig.TokenBroker config) {
    return brokers.computeIfAbsent(config, TokenBroker::new);
  }

  /**
   * Remembers the nonce that a server wants to see in the proofs of every key from now on (RFC 9449
   * §9).
   *
   * @param server that said so, or any address of its origin
   */
  public void useNonce(URI server, String nonce) {
    nonces.put(server, nonce);
  }

  /** Closes the issuers and brokers of all other records; their running calls end in peace. */
  public void retain(
      Collection<IssuerConfig> usedIssuers, Collection<GrantConfig.TokenBroker> usedBrokers) {
    retain(issuers, Set.copyOf(usedIssuers), Issuer::close);
    retain(brokers, Set.copyOf(usedBrokers), TokenBroker::close);
  }

  @Override
  public void close() {
    retain(List.of(), List.of());
  }

  private static <K, V> void retain(Map<K, V> open, Set<K> wanted, Consumer<V> close) {
    open.entrySet()
        .removeIf(entry -> {
          if (wanted.contains(entry.getKey())) {
            return false;
          }
          close.accept(entry.getValue());
          return true;
        });
  }
}
