package dev.valetkey.token;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A token that an issuer gave for one server, ready to be sent. Immutable.
 *
 * <p>It keeps the bytes of the {@code Authorization} value and not the token's text, because that
 * is all that is ever done with it. Times are milliseconds since 1970, so that judging one
 * allocates nothing.
 */
public final class AccessToken {
  private final byte[] authorization;
  private final int textStart;
  private final TokenDigest digest;
  private final byte[] correlation;
  private final long issuedAt;
  private final long expiresAt;
  private final @Nullable ProofKey proofKey;

  /** A token that whoever has it may use. */
  public AccessToken(String scheme, String text, Instant issuedAt, Instant expiresAt) {
    this(scheme, text, issuedAt, expiresAt, null);
  }

  /**
   * @param scheme {@code Bearer}, or the configured scheme of a static token; empty: the text
   *     stands alone
   * @param text the token
   * @param issuedAt when it was received
   * @param expiresAt when it ends, by the issuer's word; not before {@code issuedAt}
   * @param proofKey what it is bound to (RFC 9449); null: to nothing
   */
  public AccessToken(
      String scheme,
      String text,
      Instant issuedAt,
      Instant expiresAt,
      @Nullable ProofKey proofKey) {
    String value = scheme.isEmpty() ? text : scheme + " " + text;
    this.authorization = value.getBytes(StandardCharsets.ISO_8859_1);
    this.textStart = value.length() - text.length();
    this.digest = TokenDigest.of(text.getBytes(StandardCharsets.ISO_8859_1));
    this.correlation = digest.hex().getBytes(StandardCharsets.ISO_8859_1);
    this.issuedAt = issuedAt.toEpochMilli();
    this.expiresAt = expiresAt.toEpochMilli();
    this.proofKey = proofKey;
  }

  /** The value of {@code Authorization}. Shared with the wire: not to be changed. */
  public byte[] authorization() {
    return authorization;
  }

  /** The token's text without the scheme; to be shown to another issuer. */
  public Secret text() {
    return Secret.of(authorization, textStart, authorization.length);
  }

  /** The key of which each request with this token carries a proof; null: none. */
  public @Nullable ProofKey proofKey() {
    return proofKey;
  }

  /** Digest of the token's text without the scheme. */
  public TokenDigest digest() {
    return digest;
  }

  /** {@link TokenDigest#hex} as bytes, for Envoy's access log. Not to be changed. */
  public byte[] correlation() {
    return correlation;
  }

  /** Milliseconds since 1970 at which we got it. */
  public long issuedAt() {
    return issuedAt;
  }

  /** Milliseconds since 1970 at which it ends. */
  public long expiresAt() {
    return expiresAt;
  }

  @Override
  public String toString() {
    return "AccessToken[" + digest + "]";
  }
}
