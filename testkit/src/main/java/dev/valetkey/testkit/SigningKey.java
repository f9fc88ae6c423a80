package dev.valetkey.testkit;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** A key pair with its name and the algorithm it signs with. */
public record SigningKey(String kid, Algorithm algorithm, KeyPair pair) {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  public static SigningKey generate(String kid, Algorithm algorithm) {
    return new SigningKey(kid, algorithm, algorithm.newKeyPair());
  }

  /** The public half as a JWK; {@code alg} is optional there. RFC 7517 §4.4. */
  public Map<String, Object> jwk(boolean withAlg) {
    Map<String, Object> jwk = new LinkedHashMap<>();
    jwk.put("kid", kid);
    jwk.put("use", "sig");
    if (withAlg) {
      jwk.put("alg", algorithm.name());
    }
    PublicKey key = pair.getPublic();
    switch (key) {
      case RSAPublicKey rsa -> {
        jwk.put("kty", "RSA");
        jwk.put("n", number(rsa.getModulus(), (rsa.getModulus().bitLength() + 7) / 8));
        jwk.put("e", number(rsa.getPublicExponent(), 3));
      }
      case ECPublicKey ec -> {
        jwk.put("kty", "EC");
        jwk.put("crv", "P-256");
        jwk.put("x", number(ec.getW().getAffineX(), 32));
        jwk.put("y", number(ec.getW().getAffineY(), 32));
      }
      default -> {
        byte[] encoded = key.getEncoded(); // ends with the 32 bytes of the point (RFC 8410 §4)
        jwk.put("kty", "OKP");
        jwk.put("crv", "Ed25519");
        jwk.put(
            "x",
            BASE64.encodeToString(
                Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)));
      }
    }
    return jwk;
  }

  @Override
  public String toString() {
    return "SigningKey[" + kid + " " + algorithm + "]";
  }

  private static String number(BigInteger value, int bytes) {
    byte[] fixed = new byte[bytes];
    byte[] raw = value.toByteArray();
    int length = Math.min(raw.length, bytes); // drops the sign byte
    System.arraycopy(raw, raw.length - length, fixed, bytes - length, length);
    return BASE64.encodeToString(fixed);
  }
}
