package dev.valetkey.token;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A question for a token.
 *
 * @param target server and grant
 * @param user on whose behalf; null for grants that need no user
 * @param minLifetime how long the token should still last, for a stream; zero: no wish
 */
public record TokenRequest(Target target, @Nullable User user, Duration minLifetime) {

  /** The same question for another target. */
  public TokenRequest of(Target other) {
    return new TokenRequest(other, user, minLifetime);
  }
}
