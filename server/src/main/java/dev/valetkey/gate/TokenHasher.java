package dev.valetkey.gate;

import dev.valetkey.token.TokenDigest;
import java.security.DigestException;
import java.security.MessageDigest;

/** Digests tokens where they lie, without copying them. For one thread. */
final class TokenHasher {
  private final MessageDigest sha256 = TokenDigest.sha256();
  private final byte[] result = new byte[TokenDigest.LENGTH];

  TokenDigest digest(byte[] bytes, int start, int end) {
    sha256.update(bytes, start, end - start);
    try {
      sha256.digest(result, 0, result.length);
    } catch (DigestException e) {
      throw new IllegalStateException("the buffer has the digest's length", e);
    }
    return TokenDigest.fromBytes(result, 0);
  }
}
