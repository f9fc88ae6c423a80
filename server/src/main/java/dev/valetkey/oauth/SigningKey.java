package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import dev.valetkey.token.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.text.ParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A private key of ours.
 *
 * @param algorithm RS256 for RSA, unless the JWK says another; for other keys what their curve says
 * @param keyId the JWK's {@code kid}; null for PEM and for a JWK without one
 */
record SigningKey(SignatureAlgorithm algorithm, PrivateKey privateKey, @Nullable String keyId) {
  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";
  private static final int MIN_RSA_BITS = 2048;
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  /** The key in a PEM (PKCS #8, RFC 5958) or JWK file; empty if there is none that may sign. */
  static Optional<SigningKey> parse(Secret content) {
    String text = content.reveal().strip();
    try {
      return text.startsWith("{") ? fromJwk(JWK.parse(text)) : fromPem(text);
    } catch (ParseException
        | JOSEException
        | GeneralSecurityException
        | IllegalArgumentException
        | IllegalStateException e) {
      return Optional.empty();
    }
  }

  /** A JWS of these claims in compact form (RFC 7515 §7.1); {@code alg} is added to the header. */
  String sign(JsonObject header, JsonObject claims) {
    header.addProperty("alg", algorithm.name());
    String input = base64(header.toString()) + "." + base64(claims.toString());
    try {
      byte[] signature = algorithm.sign(privateKey, input.getBytes(StandardCharsets.US_ASCII));
      return input + "." + BASE64.encodeToString(signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key that was read can sign", e);
    }
  }

  private static String base64(String json) {
    return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<SigningKey> fromPem(String pem) {
    int begin = pem.indexOf(BEGIN);
    int end = pem.indexOf(END);
    if (begin < 0 || end < begin) {
      return Optional.empty();
    }
    byte[] der = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN.length(), end));
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
    // The factory of another type refuses the key's algorithm identifier.
    for (String type : List.of("RSA", "EC", "Ed25519")) {
      Optional<SigningKey> key = read(type, spec);
      if (key.isPresent()) {
        return key;
      }
    }
    return Optional.empty();
  }

  private static Optional<SigningKey> read(String type, PKCS8EncodedKeySpec spec) {
    try {
      return of(KeyFactory.getInstance(type).generatePrivate(spec), null, null);
    } catch (GeneralSecurityException anotherType) {
      return Optional.empty();
    }
  }

  private static Optional<SigningKey> fromJwk(JWK jwk)
      throws JOSEException, GeneralSecurityException {
    if (!jwk.isPrivate()) {
      return Optional.empty();
    }
    String algorithm = jwk.getAlgorithm() == null ? null : jwk.getAlgorithm().getName();
    return switch (jwk) {
      case RSAKey rsa -> of(rsa.toPrivateKey(), algorithm, rsa.getKeyID());
      case ECKey ec -> of(ec.toPrivateKey(), algorithm, ec.getKeyID());
      case OctetKeyPair pair when pair.getCurve().equals(Curve.Ed25519) ->
          of(
              KeyFactory.getInstance("Ed25519")
                  .generatePrivate(
                      new EdECPrivateKeySpec(NamedParameterSpec.ED25519, pair.getDecodedD())),
              algorithm,
              pair.getKeyID());
      default -> Optional.empty();
    };
  }

  private static Optional<SigningKey> of(
      PrivateKey key, @Nullable String algorithm, @Nullable String keyId) {
    String type =
        switch (key) {
          case RSAPrivateKey rsa when rsa.getModulus().bitLength() >= MIN_RSA_BITS -> "RSA";
          case ECPrivateKey ec -> curve(ec);
          case EdECPrivateKey ed -> "Ed25519";
          default -> "unknown";
        };
    return Arrays.stream(SignatureAlgorithm.values())
        .filter(known -> known.keyType().equals(type))
        .filter(known -> algorithm == null || known.name().equals(algorithm))
        .findFirst()
        .map(chosen -> new SigningKey(chosen, key, keyId));
  }

  private static String curve(ECPrivateKey key) {
    Curve curve = Curve.forECParameterSpec(key.getParams());
    return curve == null ? "unknown" : curve.getName();
  }

  @Override
  public String toString() {
    return "SigningKey[" + algorithm + "]";
  }
}
