package dev.valetkey.token;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 digest as four numbers: what stands for a token wherever the token itself must not be.
 */
public record TokenDigest(long a, long b, long c, long d) {
  /** Bytes of a digest. */
  public static final int LENGTH = 32;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /** Digest of all of {@code bytes}. */
  public static TokenDigest of(byte[] bytes) {
    return fromBytes(sha256().digest(bytes), 0);
  }

  /** The digest whose {@value #LENGTH} bytes begin at {@code offset}. */
  public static TokenDigest fromBytes(byte[] digest, int offset) {
    return new TokenDigest(
        (long) LONG.get(digest, offset),
        (long) LONG.get(digest, offset + 8),
        (long) LONG.get(digest, offset + 16),
        (long) LONG.get(digest, offset + 24));
  }

  /** A fresh SHA-256, for callers that keep one per thread. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  public byte[] toBytes() {
    byte[] bytes = new byte[LENGTH];
    LONG.set(bytes, 0, a);
    LONG.set(bytes, 8, b);
    LONG.set(bytes, 16, c);
    LONG.set(bytes, 24, d);
    return bytes;
  }

  /**
   * The digest a text of {@link #hex} stands for. Throws IllegalArgumentException for anything
   * else.
   */
  public static TokenDigest fromHex(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("a digest has " + 2 * LENGTH + " hexadecimal digits");
    }
    return fromBytes(bytes, 0);
  }

  /** All 64 hexadecimal digits. */
  public String hex() {
    return HexFormat.of().formatHex(toBytes());
  }

  /** The first twelve hexadecimal digits: enough to tell tokens apart in a log. */
  public String shortHex() {
    return HexFormat.of().toHexDigits(a).substring(0, 12);
  }

  /** A digest is evenly spread already. */
  @Override
  public int hashCode() {
    return Long.hashCode(a);
  }

  @Override
  public String toString() {
    return shortHex();
  }
}
