package dev.valetkey.mcp.conformance;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * A public key under which an ES256 signature is good, computed from the signature (SEC 1 §4.1.6).
 * The suite's identity provider publishes no key, but valetkey admits no user without one. Proves
 * nothing about who signed.
 */
final class SignersKey {
  private static final BigInteger P =
      hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  private static final BigInteger ORDER =
      hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  private static final BigInteger A = P.subtract(BigInteger.valueOf(3));
  private static final BigInteger B =
      hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
  private static final Point BASE =
      new Point(
          hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
          hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));

  private record Point(BigInteger x, BigInteger y) {}

  private SignersKey() {}

  /** A JWK set with one key that fits the token's signature. */
  static Map<String, Object> jwks(String token) {
    Point key = recover(token);
    Map<String, Object> jwk =
        Map.of("kty", "EC", "crv", "P-256", "x", text(key.x()), "y", text(key.y()));
    return Map.of("keys", List.of(jwk));
  }

  private static Point recover(String token) {
    int dot = token.lastIndexOf('.');
    byte[] signature = Base64.getUrlDecoder().decode(token.substring(dot + 1));
    BigInteger r = new BigInteger(1, Arrays.copyOfRange(signature, 0, 32));
    BigInteger s = new BigInteger(1, Arrays.copyOfRange(signature, 32, 64));
    BigInteger e = new BigInteger(1, sha256(token.substring(0, dot)));
    Point nonce = new Point(r, root(r.pow(3).add(A.multiply(r)).add(B)));
    BigInteger inverse = r.modInverse(ORDER);
    Point left = times(s.multiply(inverse).mod(ORDER), nonce);
    return plus(left, times(e.negate().multiply(inverse).mod(ORDER), BASE));
  }

  /** A square root: either will do. */
  private static BigInteger root(BigInteger square) {
    return square.modPow(P.add(BigInteger.ONE).shiftRight(2), P);
  }

  private static Point times(BigInteger factor, Point point) {
    Point sum = point; // the highest bit
    for (int bit = factor.bitLength() - 2; bit >= 0; bit--) {
      sum = plus(sum, sum);
      if (factor.testBit(bit)) {
        sum = plus(sum, point);
      }
    }
    return sum;
  }

  /** The point at infinity cannot come up, but by a chance of 2⁻²⁵⁶. */
  private static Point plus(Point a, Point b) {
    BigInteger slope =
        a.equals(b)
            ? a.x()
                .pow(2)
                .multiply(BigInteger.valueOf(3))
                .add(A)
                .multiply(inverse(a.y().shiftLeft(1)))
            : b.y().subtract(a.y()).multiply(inverse(b.x().subtract(a.x())));
    BigInteger x = slope.pow(2).subtract(a.x()).subtract(b.x()).mod(P);
    return new Point(x, slope.multiply(a.x().subtract(x)).subtract(a.y()).mod(P));
  }

  private static BigInteger inverse(BigInteger value) {
    return value.modInverse(P);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(US_ASCII));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static String text(BigInteger coordinate) {
    byte[] bytes = coordinate.toByteArray();
    byte[] exact = new byte[32];
    int length = Math.min(32, bytes.length);
    System.arraycopy(bytes, bytes.length - length, exact, 32 - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(exact);
  }

  private static BigInteger hex(String text) {
    return new BigInteger(text, 16);
  }
}
