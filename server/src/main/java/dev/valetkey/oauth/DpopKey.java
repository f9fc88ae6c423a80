package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import dev.valetkey.token.ProofKey;
import dev.valetkey.token.TokenDigest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The key that one issuer's tokens are bound to (RFC 9449): made when the issuer is first used,
 * kept in memory, never written anywhere. Thread-safe.
 */
final class DpopKey implements ProofKey {
  /** Origins whose nonce is remembered; servers and issuers are configured, so there are few. */
  private static final int MAX_ORIGINS = 1000;

  private static final int MAX_NONCE = 512;

  private final InstantSource clock;
  private final SecureRandom random;
  private final SigningKey key;
  private final JsonObject jwk = new JsonObject();
  private final Map<Origin, String> nonces = new ConcurrentHashMap<>();

  DpopKey(InstantSource clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair pair = generator.generateKeyPair();
      ECKey ec = new ECKey.Builder(Curve.P_256, (ECPublicKey) pair.getPublic()).build();
      key = new SigningKey(SignatureAlgorithm.ES256, pair.getPrivate(), null);
      // In the order of RFC 7638 §3.2, so that the thumbprint is the digest of just this text.
      jwk.addProperty("crv", "P-256");
      jwk.addProperty("kty", "EC");
      jwk.addProperty("x", ec.getX().toString());
      jwk.addProperty("y", ec.getY().toString());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has P-256", e);
    }
  }

  /** {@code jkt}: the SHA-256 thumbprint of the public key. */
  String thumbprint() {
    return Thumbprints.base64(TokenDigest.of(jwk.toString().getBytes(StandardCharsets.UTF_8)));
  }

  /** A proof for the token endpoint, where there is no token yet. */
  String proof(String method, URI uri) {
    // RFC 9449 §4.2: htu has neither query nor fragment.
    String text = uri.toString();
    int end = text.indexOf('?');
    return proof(method, end < 0 ? text : text.substring(0, end), uri, null);
  }

  @Override
  public String proof(String method, URI server, String path, TokenDigest token) {
    String uri = server.getScheme() + "://" + server.getRawAuthority() + path;
    return proof(method, uri, server, Thumbprints.base64(token));
  }

  @Override
  public void useNonce(URI server, String nonce) {
    Optional<Origin> origin = Origin.of(server);
    // RFC 9449 §8.1: nonce-chars are NQCHAR, which a JSON text holds as they are.
    boolean sound =
        nonce.length() <= MAX_NONCE && nonce.chars().allMatch(c -> c > 0x20 && c < 0x7f);
    if (origin.isPresent() && sound && nonces.size() < MAX_ORIGINS) {
      nonces.put(origin.get(), nonce);
    }
  }

  private String proof(String method, String uri, URI server, @Nullable String tokenHash) {
    byte[] id = new byte[16];
    random.nextBytes(id);
    JsonObject header = new JsonObject();
    header.addProperty("typ", "dpop+jwt");
    header.add("jwk", jwk);
    JsonObject claims = new JsonObject();
    claims.addProperty("jti", HexFormat.of().formatHex(id));
    claims.addProperty("htm", method);
    claims.addProperty("htu", uri);
    claims.addProperty("iat", clock.instant().getEpochSecond());
    if (tokenHash != null) {
      claims.addProperty("ath", tokenHash);
    }
    String nonce = Origin.of(server).map(nonces::get).orElse(null);
    if (nonce != null) {
      claims.addProperty("nonce", nonce);
    }
    return key.sign(header, claims);
  }

  @Override
  public String toString() {
    return "DpopKey[" + thumbprint() + "]";
  }
}
