package dev.valetkey.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Remembers that an issuer said no, so that it is not asked the same again at once. What it could
 * not answer is never remembered. Bounded; thread-safe; reading takes no lock.
 */
final class FailureMemory {
  private static final long BRIEF = Duration.ofSeconds(30).toMillis();
  private static final int MAX_FAILURES = 10_000;

  private final Cache<CacheKey, Failure> failures =
      Caffeine.newBuilder().maximumSize(MAX_FAILURES).executor(Runnable::run).build();
  private final AtomicInteger secrets = new AtomicInteger();

  /**
   * A remembered rejection.
   *
   * @param rejected what is answered
   * @param asked with what it was asked
   * @param until milliseconds since 1970
   */
  record Failure(Rejected rejected, Asked asked, long until) {}

  /**
   * What an issuer is asked with, taken before it is asked: an answer says nothing about what came
   * later.
   *
   * @param userToken digest of the user token; null where the grant needs no user
   * @param userTokenEnds its expiry in milliseconds since 1970; 0 without one
   * @param secrets how often a secret had changed
   */
  record Asked(@Nullable TokenDigest userToken, long userTokenEnds, int secrets) {}

  Asked asking(@Nullable User user) {
    int generation = secrets.get();
    UserToken userToken = user == null ? null : user.userToken();
    return userToken == null
        ? new Asked(null, 0, generation)
        : new Asked(userToken.digest(), userToken.expiresAt(), generation);
  }

  void remember(CacheKey key, Rejected rejected, Asked asked, long now) {
    long until =
        switch (rejected.rejection().memory()) {
          case BRIEF, CONFIGURATION -> now + BRIEF;
          case USER_TOKEN -> asked.userToken() == null ? now + BRIEF : asked.userTokenEnds();
        };
    failures.put(key, new Failure(rejected, asked, until));
  }

  /** The rejection that still answers this user at {@code now}; null: ask. */
  @Nullable Failure inForce(CacheKey key, @Nullable User user, long now) {
    Failure failure = failures.getIfPresent(key);
    return failure != null && holds(failure, user, now) ? failure : null;
  }

  /** As {@link #inForce}, without counting as a use. */
  @Nullable Failure peek(CacheKey key, @Nullable User user, long now) {
    Failure failure = failures.policy().getIfPresentQuietly(key);
    return failure != null && holds(failure, user, now) ? failure : null;
  }

  /** The issuer gave a token after all. */
  void clear(CacheKey key) {
    failures.invalidate(key);
  }

  /** What was refused because of our own credentials may be asked again. */
  void secretsChanged() {
    secrets.incrementAndGet();
  }

  long size() {
    failures.cleanUp();
    return failures.estimatedSize();
  }

  private boolean holds(Failure failure, @Nullable User user, long now) {
    if (now >= failure.until()) {
      return false;
    }
    Rejection.Memory memory = failure.rejected().rejection().memory();
    return switch (memory) {
      case BRIEF, USER_TOKEN -> sameUserToken(failure.asked().userToken(), user);
      case CONFIGURATION -> failure.asked().secrets() == secrets.get();
    };
  }

  private static boolean sameUserToken(@Nullable TokenDigest asked, @Nullable User user) {
    UserToken current = user == null ? null : user.userToken();
    return current == null ? asked == null : current.digest().equals(asked);
  }
}
