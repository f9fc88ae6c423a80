package dev.valetkey.call;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the request's headers change on their way on. No others than these ever do.
 *
 * @param authorization the new value of {@code Authorization}, replacing whatever is there; empty:
 *     it is removed; null: it stays as it is
 * @param dpop the new value of {@code DPoP} (RFC 9449 §7.1); null: it stays as it is
 * @param baggage the new value of {@code baggage} (W3C Baggage §3.2), replacing all there are;
 *     empty: they are removed; null: they stay as they are
 * @param traceparent the new value of {@code traceparent}; null: it stays as it is
 */
@SuppressWarnings(
    "ArrayRecordComponent") // compared by identity on purpose: the bytes belong to a cache entry
public record HeaderEdits(
    byte @Nullable [] authorization,
    byte @Nullable [] dpop,
    byte @Nullable [] baggage,
    byte @Nullable [] traceparent) {
  /** The value that stands for removal. */
  public static final byte[] REMOVED = {};

  /** The request goes on as it came, because it holds nothing of ours. */
  public static final HeaderEdits UNCHANGED = new HeaderEdits(null, null, null, null);

  /** The request goes on without credentials. */
  public static final HeaderEdits WITHOUT_AUTHORIZATION =
      new HeaderEdits(REMOVED, null, null, null);

  /** Replaces {@code Authorization}. */
  public static HeaderEdits authorization(byte[] value) {
    return new HeaderEdits(Objects.requireNonNull(value), null, null, null);
  }

  /** Replaces {@code Authorization} by a token that is bound to a key, and proves the key. */
  public static HeaderEdits proven(byte[] authorization, byte[] dpop) {
    return new HeaderEdits(
        Objects.requireNonNull(authorization), Objects.requireNonNull(dpop), null, null);
  }

  /**
   * The same with another {@code baggage}.
   *
   * @param value null: this, as it is
   */
  public HeaderEdits withBaggage(byte @Nullable [] value) {
    return value == null ? this : new HeaderEdits(authorization, dpop, value, traceparent);
  }

  /**
   * The same with another {@code traceparent}.
   *
   * @param value null: this, as it is
   */
  public HeaderEdits withTraceparent(byte @Nullable [] value) {
    return value == null ? this : new HeaderEdits(authorization, dpop, baggage, value);
  }

  /** Never a value. */
  @Override
  public String toString() {
    return "authorization "
        + told(authorization)
        + ", dpop "
        + told(dpop)
        + ", baggage "
        + told(baggage)
        + ", traceparent "
        + told(traceparent);
  }

  private static String told(byte @Nullable [] value) {
    return value == null ? "stays" : value.length == 0 ? "removed" : "set";
  }
}
