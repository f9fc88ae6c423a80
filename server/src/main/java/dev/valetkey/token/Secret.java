package dev.valetkey.token;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text that must not be shown: a user token, a client secret. Immutable; never prints itself. */
public final class Secret {
  private final byte[] bytes;

  private Secret(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A secret with a copy of {@code bytes[start, end)}. */
  public static Secret of(byte[] bytes, int start, int end) {
    return new Secret(Arrays.copyOfRange(bytes, start, end));
  }

  public static Secret of(String text) {
    return new Secret(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The secret itself; for the wire only. */
  public String reveal() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Number of bytes. */
  public int length() {
    return bytes.length;
  }

  public TokenDigest digest() {
    return TokenDigest.of(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && Arrays.equals(bytes, secret.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "***";
  }
}
