package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What came of one HTTP request to an issuer. */
sealed interface Reply {

  /**
   * A whole response.
   *
   * @param retryAfter the {@code Retry-After} header; null without one
   * @param dpopNonce the {@code DPoP-Nonce} header; null without one
   * @param json the body; empty if it is no JSON object
   */
  record Answered(
      int status,
      @Nullable String retryAfter,
      @Nullable String dpopNonce,
      Optional<JsonObject> json)
      implements Reply {
    @Override
    public String toString() {
      return "Answered[" + status + "]";
    }
  }

  /** A response whose body is too large, or compressed although we asked for {@code identity}. */
  record Unusable(int status) implements Reply {}

  /** No response. */
  record Failed(Failure failure) implements Reply {}

  /** Why there is no response. */
  enum Failure {
    /** No connection, or it broke. */
    CONNECTION,
    /** The peer's certificate or protocol is not accepted. */
    TLS,
    /** The deadline passed after the request had its place. */
    TIMEOUT,
    /** Half the time to the deadline passed before there was a place. */
    BUSY
  }
}
