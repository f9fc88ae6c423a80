package dev.valetkey.subject;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * User tokens that were verified, by digest, until they end or must be looked at again: a repeated
 * token costs one SHA-256 and no signature check. Thread-safe; outlives configurations, so each
 * entry remembers the rule that admitted it.
 */
public final class KnownUsers {
  /**
   * More than there are sessions, because a session may have several tokens. Some 200 bytes each.
   */
  private static final int MAX_ENTRIES = 20_000;

  /** Digests of opaque tokens, some 120 bytes each. */
  private static final int MAX_OPAQUE = 50_000;

  private static final Duration OPAQUE_REMEMBERED = Duration.ofHours(24);

  private final InstantSource clock;
  private final Cache<TokenDigest, Known> known =
      Caffeine.newBuilder().executor(Runnable::run).maximumSize(MAX_ENTRIES).build();
  private final Cache<TokenDigest, Boolean> opaque;

  /**
   * @param rule digest of the rule that admitted the token
   * @param until milliseconds since 1970 at which it must be looked at again
   */
  record Known(User user, TokenDigest rule, long until) {}

  public KnownUsers(InstantSource clock) {
    this.clock = clock;
    this.opaque =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .expireAfterAccess(OPAQUE_REMEMBERED)
            .maximumSize(MAX_OPAQUE)
            .build();
  }

  /**
   * Who this token speaks for; null if it is unknown, has ended or must be looked at again, or its
   * session has ended.
   */
  @Nullable Known get(TokenDigest token) {
    Known found = known.getIfPresent(token);
    if (found == null) {
      return null;
    }
    if (clock.millis() < found.until() && !found.user().session().hasEnded()) {
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
    if (clock.millis() < user.until()) {
      known.put(token, user);
    }
  }

  /** Remembers that this is the digest of an opaque token that was taken for a user's. */
  void recognise(TokenDigest token) {
    opaque.put(token, true);
  }

  /** Whether this token was taken for a user's once, be it good or not by now. Never blocks. */
  boolean recognises(TokenDigest token) {
    return known.getIfPresent(token) != null || opaque.getIfPresent(token) != null;
  }
}
