package dev.valetkey.subject;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Session;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Users whose tokens only the token exchange can judge. They are held weakly: whoever brings a
 * token that is good is kept by the cached token that came of it, and whoever brings anything else
 * by nobody, so that invented tokens cost no memory. Each has a session of its own that nobody
 * lists. Thread-safe.
 */
final class UnjudgedUsers {
  private final InstantSource clock;
  private final Cache<TokenDigest, User> users =
      Caffeine.newBuilder().executor(Runnable::run).weakValues().build();

  UnjudgedUsers(InstantSource clock) {
    this.clock = clock;
  }

  /** The user of this token; null if nobody holds one, or it must be judged again. */
  @Nullable User get(TokenDigest token) {
    User found = users.getIfPresent(token);
    return found != null && found.session().live(clock.millis()) ? found : null;
  }

  /** The user of this token: the same one as before, as long as somebody holds it. */
  User of(TokenDigest token, Subject subject, UserToken userToken) {
    return users
        .asMap()
        .compute(
            token,
            (digest, present) ->
                present != null && present.session().live(clock.millis())
                    ? present
                    : new User(
                        new Session(subject, userToken, new HitCounters()),
                        userToken.kind(),
                        userToken.expiresAt()));
  }
}
