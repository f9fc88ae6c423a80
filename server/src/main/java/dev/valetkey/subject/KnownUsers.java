package dev.valetkey.subject;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * User tokens that were verified, by digest, until they end: a repeated token costs one SHA-256 and
 * no signature check. Thread-safe; outlives configurations, so each entry remembers the rule that
 * admitted it.
 */
public final class KnownUsers {
  /**
   * More than there are sessions, because a session may have several tokens. Some 200 bytes each.
   */
  private static final int MAX_ENTRIES = 20_000;

  private final InstantSource clock;
  private final Cache<TokenDigest, Known> known =
      Caffeine.newBuilder().executor(Runnable::run).maximumSize(MAX_ENTRIES).build();

  /**
   * @param rule digest of the rule that admitted the token
   */
  record Known(User user, TokenDigest rule) {}

  public KnownUsers(InstantSource clock) {
    this.clock = clock;
  }

  /** Who this token speaks for; null if it is unknown, has ended, or its session has. */
  @Nullable Known get(TokenDigest token) {
    Known found = known.getIfPresent(token);
    if (found == null) {
      return null;
    }
    if (clock.millis() < found.user().expiresAt() && !found.user().session().hasEnded()) {
      return found;
    }
    known.invalidate(token);
    return null;
  }

  /**
   * Remembers a verified token. One that has ended, but is within the clock skew, is verified each
   * time.
   */
  void put(TokenDigest token, Known user) {
    if (clock.millis() < user.user().expiresAt()) {
      known.put(token, user);
    }
  }
}
