package dev.valetkey.call;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the request's headers change on their way to the upstream. Only {@code Authorization} ever
 * does, and {@code DPoP} where the token is bound to a key.
 *
 * @param authorization the new value of {@code Authorization}, replacing whatever is there; null:
 *     see {@code removeAuthorization}
 * @param dpop the new value of {@code DPoP} (RFC 9449 §7.1), replacing whatever is there; null: the
 *     header stays as it is
 * @param removeAuthorization whether {@code Authorization} is removed; false when a value is set
 *     (Envoy removes after setting)
 */
@SuppressWarnings(
    "ArrayRecordComponent") // compared by identity on purpose: the bytes belong to a cache entry
public record HeaderEdits(
    byte @Nullable [] authorization, byte @Nullable [] dpop, boolean removeAuthorization) {
  /** The request leaves as it came, because it holds nothing of ours. */
  public static final HeaderEdits UNCHANGED = new HeaderEdits(null, null, false);

  /** The request leaves without credentials. */
  public static final HeaderEdits WITHOUT_AUTHORIZATION = new HeaderEdits(null, null, true);

  public HeaderEdits {
    if (authorization != null && removeAuthorization) {
      throw new IllegalArgumentException("a header is set or removed, not both");
    }
  }

  /** Replaces {@code Authorization}. */
  public static HeaderEdits authorization(byte[] value) {
    return new HeaderEdits(Objects.requireNonNull(value), null, false);
  }

  /** Replaces {@code Authorization} by a token that is bound to a key, and proves the key. */
  public static HeaderEdits proven(byte[] authorization, byte[] dpop) {
    return new HeaderEdits(
        Objects.requireNonNull(authorization), Objects.requireNonNull(dpop), false);
  }

  /** Never the value. */
  @Override
  public String toString() {
    return authorization != null
        ? "set authorization"
        : removeAuthorization ? "remove authorization" : "unchanged";
  }
}
