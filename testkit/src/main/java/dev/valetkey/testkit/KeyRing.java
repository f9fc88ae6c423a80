package dev.valetkey.testkit;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The keys of an issuer: one that signs per algorithm, and all that are published. Threads: all.
 */
final class KeyRing {
  private final Map<Algorithm, SigningKey> signing = new EnumMap<>(Algorithm.class);
  private final List<SigningKey> published = new ArrayList<>();
  private int generation = 1;

  KeyRing() {
    fill();
  }

  /**
   * The key that signs now with this algorithm; made and published when it is asked for the first
   * time.
   */
  synchronized SigningKey current(Algorithm algorithm) {
    SigningKey key = signing.get(algorithm);
    if (key == null) {
      key = SigningKey.generate(algorithm + "-" + generation, algorithm);
      signing.put(algorithm, key);
      published.add(key);
    }
    return key;
  }

  /** New keys sign from now on; the old ones stay published or vanish. */
  synchronized void rotate(boolean keepOld) {
    generation++;
    signing.clear();
    if (!keepOld) {
      published.clear();
    }
    fill();
  }

  synchronized Map<String, Object> jwks(boolean withAlg) {
    return Map.of("keys", published.stream().map(key -> key.jwk(withAlg)).toList());
  }

  /** True when the token's {@code kid} names a published key, and that key made the signature. */
  synchronized boolean signed(Jwt jwt) {
    return published.stream()
        .filter(key -> key.kid().equals(jwt.header().get("kid")))
        .anyMatch(key -> jwt.signedBy(key.pair().getPublic()));
  }

  private void fill() {
    SigningKey rsa = current(Algorithm.RS256);
    SigningKey pss = new SigningKey("PS256-" + generation, Algorithm.PS256, rsa.pair());
    signing.put(Algorithm.PS256, pss);
    published.add(pss);
    current(Algorithm.ES256);
    current(Algorithm.EdDSA);
  }
}
