package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/** A token in the compact form of RFC 7515 §3.1, taken apart and not believed. Immutable. */
final class Jws {

  /** Bytes of the largest token that is taken apart. */
  static final int MAX_BYTES = 16 * 1024;

  private static final Base64.Decoder BASE64 = Base64.getUrlDecoder();

  private final JsonObject header;
  private final JsonObject payload;
  private final byte[] signingInput;
  private final byte[] signature;

  private Jws(JsonObject header, JsonObject payload, byte[] signingInput, byte[] signature) {
    this.header = header;
    this.payload = payload;
    this.signingInput = signingInput;
    this.signature = signature;
  }

  JsonObject header() {
    return header;
  }

  JsonObject payload() {
    return payload;
  }

  /** Whether its signature is this key's. */
  boolean signedBy(PublicKey key, SignatureAlgorithm algorithm) {
    return algorithm.verify(key, signingInput, signature);
  }

  /** Number of parts between dots; 3 is a signed token, 5 an encrypted one (RFC 7516 §3.1). */
  static int parts(byte[] token) {
    int parts = 1;
    for (byte b : token) {
      if (b == '.') {
        parts++;
      }
    }
    return parts;
  }

  /**
   * Parses header and payload, each once; empty for whatever is not three parts of base64url with
   * two objects of strict JSON.
   */
  static Optional<Jws> parse(byte[] token) {
    if (token.length > MAX_BYTES || parts(token) != 3 || !onlyBase64Url(token)) {
      return Optional.empty();
    }
    int first = indexOfDot(token, 0);
    int second = indexOfDot(token, first + 1);
    try {
      Optional<JsonObject> header = json(token, 0, first);
      if (header.isEmpty()) {
        return Optional.empty();
      }
      byte[] signature = BASE64.decode(Arrays.copyOfRange(token, second + 1, token.length));
      byte[] signingInput = Arrays.copyOf(token, second);
      return json(token, first + 1, second)
          .map(payload -> new Jws(header.get(), payload, signingInput, signature));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return "Jws" + header.keySet();
  }

  private static Optional<JsonObject> json(byte[] token, int start, int end) {
    return StrictJson.object(BASE64.decode(Arrays.copyOfRange(token, start, end)));
  }

  private static int indexOfDot(byte[] token, int from) {
    int i = from;
    while (token[i] != '.') {
      i++;
    }
    return i;
  }

  /** RFC 7515 §2 has base64url without padding, which the JDK's decoder would accept. */
  private static boolean onlyBase64Url(byte[] token) {
    for (byte b : token) {
      boolean known =
          b >= 'A' && b <= 'Z'
              || b >= 'a' && b <= 'z'
              || b >= '0' && b <= '9'
              || b == '-'
              || b == '_'
              || b == '.';
      if (!known) {
        return false;
      }
    }
    return true;
  }
}
