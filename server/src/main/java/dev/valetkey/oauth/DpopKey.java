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
import org.jspecify.annotations.Nullable;

/**
 * The key that one issuer's tokens are bound to (RFC 9449): made when the issuer is first used,
 * kept in memory, never written anywhere. Thread-safe.
 */
final class DpopKey implements ProofKey {
  private final InstantSource clock;
  private final SecureRandom random;
  private final SigningKey key;
  private final JsonObject jwk = new JsonObject();

  /** An issuer and a server at one origin have nonces of their own (RFC 9449 §9). */
  private final DpopNonces ofEndpoints = new DpopNonces();

  private final DpopNonces ofServers;

  /**
   * @param ofServers nonces that servers gave; those of token endpoints are kept here
   */
  DpopKey(InstantSource clock, SecureRandom random, DpopNonces ofServers) {
    this.clock = clock;
    this.random = random;
    this.ofServers = ofServers;
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
    return proof(method, end < 0 ? text : text.substring(0, end), ofEndpoints.get(uri), null);
  }

  @Override
  public String proof(String method, URI server, String path, TokenDigest token) {
    String uri = server.getScheme() + "://" + server.getRawAuthority() + path;
    return proof(method, uri, ofServers.get(server), Thumbprints.base64(token));
  }

  /** Remembers the nonce that a token endpoint wants to see in proofs from now on (§8). */
  void useNonce(URI endpoint, String nonce) {
    ofEndpoints.put(endpoint, nonce);
  }

  private String proof(
      String method, String uri, @Nullable String nonce, @Nullable String tokenHash) {
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
