package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Demands proofs of possession with a P-256 key (RFC 9449 §4.3), each of them once, and with a
 * nonce when told to. Straight on the JDK: an oracle beside the product's library. Threads: all.
 */
final class ProofCheck {
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private volatile @Nullable String nonce;

  /** Proofs must hold this from now on; null: anything. */
  void want(@Nullable String other) {
    nonce = other;
  }

  /** What is wanted; null: nothing. */
  @Nullable String nonce() {
    return nonce;
  }

  /**
   * What is wrong with the proof of this request, as an OAuth error code; null: nothing.
   *
   * @param uri the address without query that the proof must name
   * @param token that it must be for; null: none
   */
  @Nullable String fault(SeenRequest request, String uri, @Nullable String token) {
    Jwt proof = proof(request);
    PublicKey key = proof == null ? null : key(proof);
    boolean good =
        proof != null
            && key != null
            && "dpop+jwt".equals(proof.header().get("typ"))
            && proof.signedBy(key)
            && request.method().equals(proof.claim("htm"))
            && uri.equals(proof.claim("htu"))
            && isNow(proof.claims().get("iat"))
            && (token == null
                ? !proof.claims().containsKey("ath")
                : hash(token).equals(proof.claim("ath")))
            && seen.add(String.valueOf(proof.claim("jti")));
    if (proof == null || !good) {
      return "invalid_dpop_proof";
    }
    String wanted = nonce;
    return wanted == null || wanted.equals(proof.claim("nonce")) ? null : "use_dpop_nonce";
  }

  /** Thumbprint of the key in the request's proof (RFC 7638); null: there is no proof. */
  static @Nullable String thumbprint(SeenRequest request) {
    Jwt proof = proof(request);
    if (proof == null || !(proof.header().get("jwk") instanceof Map<?, ?> jwk)) {
      return null;
    }
    return hash(
        "{\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}"
            .formatted(jwk.get("crv"), jwk.get("kty"), jwk.get("x"), jwk.get("y")));
  }

  private static @Nullable Jwt proof(SeenRequest request) {
    List<String> proofs = request.headers("dpop");
    return proofs.size() == 1 ? Jwt.read(proofs.getFirst()) : null;
  }

  private static boolean isNow(@Nullable Object seconds) {
    return seconds instanceof Long at && Math.abs(System.currentTimeMillis() / 1000 - at) < 60;
  }

  private static @Nullable PublicKey key(Jwt proof) {
    if (!(proof.header().get("jwk") instanceof Map<?, ?> jwk) || jwk.containsKey("d")) {
      return null;
    }
    try {
      AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
      curve.init(new ECGenParameterSpec("secp256r1"));
      ECPoint point = new ECPoint(number(jwk.get("x")), number(jwk.get("y")));
      return KeyFactory.getInstance("EC")
          .generatePublic(
              new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
    } catch (GeneralSecurityException | IllegalArgumentException noKey) {
      return null;
    }
  }

  private static BigInteger number(@Nullable Object base64) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(String.valueOf(base64)));
  }

  private static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
