package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.PublicKey;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A compact JWS that was taken apart, verified or not.
 *
 * @param text the token itself; never printed by {@link #toString}
 */
public record Jwt(String text, Map<String, Object> header, Map<String, Object> claims) {

  /**
   * Takes a token apart without judging it; null when it is not three parts with JSON objects in
   * the first two.
   */
  public static @Nullable Jwt read(String token) {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return null;
    }
    try {
      return new Jwt(token, Json.object(decode(parts[0])), Json.object(decode(parts[1])));
    } catch (RuntimeException notJson) {
      return null;
    }
  }

  /** The same; fails when it is no JWT. */
  public static Jwt of(String token) {
    Jwt jwt = read(token);
    if (jwt == null) {
      throw new IllegalArgumentException("not a JWT");
    }
    return jwt;
  }

  public @Nullable String claim(String name) {
    return Json.text(claims, name);
  }

  /** The audiences, whether written as text or as an array. */
  public List<String> audience() {
    return Json.texts(claims.get("aud"));
  }

  /** The scopes, whether written as text or as an array. */
  public List<String> scope() {
    return Json.texts(claims.get("scope")).stream()
        .flatMap(scopes -> Stream.of(scopes.split(" ")))
        .filter(scope -> !scope.isEmpty())
        .toList();
  }

  /** True when the signature is this key's, with the algorithm of the header. */
  public boolean signedBy(PublicKey key) {
    int lastDot = text.lastIndexOf('.');
    try {
      Algorithm algorithm = Algorithm.valueOf(String.valueOf(header.get("alg")));
      return algorithm.verifies(
          key,
          text.substring(0, lastDot).getBytes(UTF_8),
          Base64.getUrlDecoder().decode(text.substring(lastDot + 1)));
    } catch (IllegalArgumentException unknownAlgorithmOrNoBase64) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "Jwt[sub=" + claims.get("sub") + " aud=" + audience() + "]";
  }

  private static String decode(String part) {
    return new String(Base64.getUrlDecoder().decode(part), UTF_8);
  }
}
