package dev.valetkey.oauth;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The keys an issuer signs with, from its JWK Set (RFC 7517). Immutable; never empty. */
record KeySet(List<Key> keys) {
  /** Keys of a set that are looked at; the rest is ignored. */
  private static final int MAX_KEYS = 100;

  /** Keys that are tried for one token. */
  private static final int MAX_TRIES = 8;

  private static final int MIN_RSA_BITS = 2048;
  private static final int MAX_RSA_BITS = 8192;

  /**
   * What a key is made from. Everything else, {@code x5c} and {@code x5u} above all, is not even
   * parsed.
   */
  private static final List<String> MEMBERS = List.of("kty", "n", "e", "crv", "x", "y");

  /**
   * One key.
   *
   * @param kid null if it has none
   * @param type {@code RSA} or the curve
   * @param algorithm the only one it is for; null: any of its type
   */
  record Key(@Nullable String kid, String type, @Nullable String algorithm, PublicKey publicKey) {}

  KeySet {
    keys = List.copyOf(keys);
  }

  /** The usable keys of a JWK Set; empty if there is none. */
  static Optional<KeySet> parse(JsonObject set) {
    if (!(set.get("keys") instanceof JsonArray members)) {
      return Optional.empty();
    }
    List<Key> keys = new ArrayList<>();
    for (JsonElement member : members.asList().subList(0, Math.min(MAX_KEYS, members.size()))) {
      if (member instanceof JsonObject jwk && forSignatures(jwk)) {
        key(jwk).ifPresent(keys::add);
      }
    }
    return keys.isEmpty() ? Optional.empty() : Optional.of(new KeySet(keys));
  }

  /**
   * The keys that may have signed a token with this algorithm and {@code kid}; without {@code kid}
   * all of the type.
   */
  List<Key> candidates(SignatureAlgorithm algorithm, @Nullable String kid) {
    return keys.stream()
        .filter(key -> key.type().equals(algorithm.keyType()))
        .filter(key -> key.algorithm() == null || key.algorithm().equals(algorithm.name()))
        .filter(key -> kid == null || key.kid() == null || kid.equals(key.kid()))
        .limit(MAX_TRIES)
        .toList();
  }

  /** Whether a key of exactly this {@code kid} is there. */
  boolean knows(String kid) {
    return keys.stream().anyMatch(key -> kid.equals(key.kid()));
  }

  private static boolean forSignatures(JsonObject jwk) {
    JsonElement use = jwk.get("use");
    JsonElement operations = jwk.get("key_ops");
    return (use == null || "sig".equals(text(jwk, "use")))
        && (!(operations instanceof JsonArray list) || list.toString().contains("\"verify\""));
  }

  private static Optional<Key> key(JsonObject jwk) {
    JsonObject material = new JsonObject();
    MEMBERS.stream().filter(jwk::has).forEach(name -> material.add(name, jwk.get(name)));
    try {
      String type;
      PublicKey publicKey;
      switch (JWK.parse(material.toString())) {
        case RSAKey rsa -> {
          type = "RSA";
          publicKey = rsa.toRSAPublicKey();
        }
        case ECKey ec -> {
          type = ec.getCurve().getName();
          publicKey = ec.toECPublicKey();
        }
        case OctetKeyPair pair when pair.getCurve().equals(Curve.Ed25519) -> {
          type = "Ed25519";
          publicKey = ed25519(pair.getDecodedX());
        }
        default -> {
          return Optional.empty();
        }
      }
      return strongEnough(publicKey)
          ? Optional.of(new Key(text(jwk, "kid"), type, text(jwk, "alg"), publicKey))
          : Optional.empty();
    } catch (ParseException
        | JOSEException
        | GeneralSecurityException
        | IllegalArgumentException
        | IllegalStateException e) {
      // One key we cannot read does not spoil the others.
      return Optional.empty();
    }
  }

  /** RFC 7518 §3.3: at least 2048 bits; the upper bound keeps one verification cheap. */
  private static boolean strongEnough(PublicKey key) {
    if (!(key instanceof RSAPublicKey rsa)) {
      return true;
    }
    int bits = rsa.getModulus().bitLength();
    return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && rsa.getPublicExponent().testBit(0);
  }

  /** RFC 8032 §5.1.2: little-endian, the sign of x in the last bit. */
  private static PublicKey ed25519(byte[] encoded) throws GeneralSecurityException {
    if (encoded.length != 32) {
      throw new GeneralSecurityException("an Ed25519 key has 32 bytes");
    }
    byte[] bigEndian = new byte[encoded.length];
    for (int i = 0; i < encoded.length; i++) {
      bigEndian[i] = encoded[encoded.length - 1 - i];
    }
    boolean odd = (bigEndian[0] & 0x80) != 0;
    bigEndian[0] &= 0x7f;
    EdECPoint point = new EdECPoint(odd, new BigInteger(1, bigEndian));
    return KeyFactory.getInstance("Ed25519")
        .generatePublic(new EdECPublicKeySpec(NamedParameterSpec.ED25519, point));
  }

  private static @Nullable String text(JsonObject jwk, String name) {
    JsonElement value = jwk.get(name);
    return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString()
        ? value.getAsString()
        : null;
  }
}
