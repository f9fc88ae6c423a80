package dev.valetkey.oauth;

import dev.valetkey.config.IssuerConfig;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The issuers in use. Lives longer than any configuration: an issuer whose record did not change
 * keeps its connections, keys and failures over a reload. Thread-safe.
 */
public final class Issuers implements AutoCloseable {
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final SecureRandom random;
  private final Map<IssuerConfig, Issuer> issuers = new ConcurrentHashMap<>();

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
    return issuers.computeIfAbsent(config, c -> new Issuer(c, clock, nanoTime, random));
  }

  /** Closes the issuers of all other records; their running calls end in peace. */
  public void retain(Collection<IssuerConfig> used) {
    Set<IssuerConfig> wanted = Set.copyOf(used);
    issuers
        .entrySet()
        .removeIf(entry -> {
          if (wanted.contains(entry.getKey())) {
            return false;
          }
          entry.getValue().close();
          return true;
        });
  }

  @Override
  public void close() {
    issuers.values().forEach(Issuer::close);
  }
}
