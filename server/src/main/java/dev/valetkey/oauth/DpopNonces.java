package dev.valetkey.oauth;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Nonces that others want to see in proofs from now on, the last of each origin. A nonce belongs to
 * whoever gave it and to no key of ours (RFC 9449 §8). Thread-safe.
 */
final class DpopNonces {
  /** Servers and issuers are configured, so there are few. */
  private static final int MAX_ORIGINS = 1000;

  private static final int MAX_LENGTH = 512;

  private final Map<Origin, String> nonces = new ConcurrentHashMap<>();

  /** Remembers a nonce; one that cannot stand in a proof is not taken. */
  void put(URI from, String nonce) {
    Optional<Origin> origin = Origin.of(from);
    // RFC 9449 §8.1: nonce-chars are NQCHAR, which a JSON text holds as they are.
    boolean sound =
        nonce.length() <= MAX_LENGTH && nonce.chars().allMatch(c -> c > 0x20 && c < 0x7f);
    if (origin.isPresent()
        && sound
        && (nonces.size() < MAX_ORIGINS || nonces.containsKey(origin.get()))) {
      nonces.put(origin.get(), nonce);
    }
  }

  /** The nonce for a request to this address; null: none is wanted. */
  @Nullable String get(URI to) {
    return Origin.of(to).map(nonces::get).orElse(null);
  }
}
