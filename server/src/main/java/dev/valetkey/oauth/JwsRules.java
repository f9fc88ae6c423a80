package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.UserTokenFault;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What every token of an issuer must keep, whatever it is for (RFC 8725 §3). Stateless. */
final class JwsRules {
  private static final int MAX_KID_BYTES = 256;

  /**
   * Header members that bring keys along, change how the signature is computed, or belong to
   * encryption.
   */
  private static final List<String> REFUSED_HEADERS =
      List.of("crit", "b64", "jku", "x5u", "jwk", "zip", "enc", "p2c", "p2s");

  private JwsRules() {}

  /**
   * What is wrong with a header; null: nothing.
   *
   * @param types what {@code typ} may be, in lower case; it may be absent
   */
  static @Nullable UserTokenFault headerFault(JsonObject header, Set<String> types) {
    if (REFUSED_HEADERS.stream().anyMatch(header::has)) {
      return UserTokenFault.TYPE;
    }
    if (header.has("typ")
        && Claims.text(header, "typ")
            .filter(typ -> types.contains(typ.toLowerCase(Locale.ROOT)))
            .isEmpty()) {
      return UserTokenFault.TYPE;
    }
    boolean kid =
        !header.has("kid")
            || Claims.text(header, "kid")
                .filter(name -> name.getBytes(StandardCharsets.UTF_8).length <= MAX_KID_BYTES)
                .isPresent();
    return kid ? null : UserTokenFault.MALFORMED;
  }

  /**
   * What is wrong with a signature, by the issuer's keys; null: nothing. Fetches keys where that
   * may help, until {@code deadline}.
   */
  static @Nullable UserTokenFault signatureFault(
      Jws jws, SignatureAlgorithm algorithm, Issuer issuer, Deadline deadline) {
    if (!(issuer.keys(deadline) instanceof Fetched.Got<KeySet> got)) {
      return UserTokenFault.KEYS_UNAVAILABLE;
    }
    String kid = Claims.text(jws.header(), "kid").orElse(null);
    if (signed(jws, algorithm, got.value(), kid)) {
      return null;
    }
    if (kid != null && got.value().knows(kid)) {
      return UserTokenFault.SIGNATURE;
    }
    // The issuer may have begun to use a new key.
    return issuer.keysAfter(got.value(), deadline) instanceof Fetched.Got<KeySet> newer
            && !newer.value().equals(got.value())
            && signed(jws, algorithm, newer.value(), kid)
        ? null
        : UserTokenFault.SIGNATURE;
  }

  private static boolean signed(
      Jws jws, SignatureAlgorithm algorithm, KeySet keys, @Nullable String kid) {
    return keys.candidates(algorithm, kid).stream()
        .anyMatch(key -> jws.signedBy(key.publicKey(), algorithm));
  }
}
