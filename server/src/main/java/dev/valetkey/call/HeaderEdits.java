package dev.valetkey.call;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the request's headers change on their way to the upstream. Only {@code Authorization} ever
 * does.
 *
 * @param authorization the new value of {@code Authorization}, replacing whatever is there; null:
 *     see {@code removeAuthorization}
 * @param removeAuthorization whether {@code Authorization} is removed; false when a value is set
 *     (Envoy removes after setting)
 */
@SuppressWarnings(
    "ArrayRecordComponent") // compared by identity on purpose: the bytes belong to a cache entry
public record HeaderEdits(byte @Nullable [] authorization, boolean removeAuthorization) {
  /** The request leaves as it came, because it holds nothing of ours. */
  public static final HeaderEdits UNCHANGED = new HeaderEdits(null, false);

  /** The request leaves without credentials. */
  public static final HeaderEdits WITHOUT_AUTHORIZATION = new HeaderEdits(null, true);

  public HeaderEdits {
    if (authorization != null && removeAuthorization) {
      throw new IllegalArgumentException("a header is set or removed, not both");
    }
  }

  /** Replaces {@code Authorization}. */
  public static HeaderEdits authorization(byte[] value) {
    return new HeaderEdits(Objects.requireNonNull(value), false);
  }

  /** Never the value. */
  @Override
  public String toString() {
    return authorization != null
        ? "set authorization"
        : removeAuthorization ? "remove authorization" : "unchanged";
  }
}
