package dev.valetkey.subject;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.token.Session;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All live sessions, bounded by the memory they take. A session ends when its user token does, when
 * it is ended by hand, or when memory is needed and it is not among those that are opened often.
 * Thread-safe; outlives configurations.
 */
public final class Sessions {
  /** Memory that sessions may take, in bytes. */
  private static final long MAX_BYTES = 32 << 20;

  /** What a session takes beside its user token, in bytes; measured, rounded up. */
  private static final int OVERHEAD = 800;

  /**
   * A user token that has ended is still admitted this long, without anything being kept for it
   * (design.md §4).
   */
  private static final Duration SKEW = Duration.ofSeconds(60);

  private final Audit audit;
  private final Consumer<Session> ended;
  private final Cache<TokenDigest, Session> sessions;

  /**
   * @param ended told of every session that is over, on the thread that noticed; drops its tokens
   */
  public Sessions(InstantSource clock, Audit audit, Consumer<Session> ended) {
    this.audit = audit;
    this.ended = ended;
    this.sessions =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .maximumWeight(MAX_BYTES)
            .<TokenDigest, Session>weigher((id, session) -> OVERHEAD + session.textLength())
            .expireAfter(
                Expiry.<TokenDigest, Session>writing((id, session) ->
                    Duration.ofMillis(
                        Math.max(0, session.expiresAt() + SKEW.toMillis() - clock.millis()))))
            .<TokenDigest, Session>evictionListener(
                (id, session, cause) -> over(Objects.requireNonNull(session)))
            .build();
  }

  /**
   * The session of this subject, begun if there is none; of user tokens that may do the same it
   * keeps the one that ends last.
   *
   * @param signedOut asked once the session is there; if so, it ends at once. A logout is
   *     remembered before it looks for sessions: it finds this one, or is found here
   */
  public Session open(Subject subject, UserToken userToken, BooleanSupplier signedOut) {
    Session session = open(subject, userToken);
    if (signedOut.getAsBoolean()) {
      end(session.id());
    }
    return session;
  }

  private Session open(Subject subject, UserToken userToken) {
    return sessions
        .asMap()
        .compute(
            subject.sessionId(),
            (id, present) -> {
              if (present == null || present.hasEnded()) {
                return new Session(
                    subject,
                    userToken,
                    audit.begin(subject.issuer(), subject.sub(), id.shortHex()));
              }
              present.offer(userToken);
              return present;
            });
  }

  /** Live sessions, in no order. */
  public List<Session> list() {
    sessions.cleanUp();
    return List.copyOf(sessions.asMap().values());
  }

  /** The live session with this id; null if there is none. */
  public @Nullable Session get(TokenDigest id) {
    return sessions.getIfPresent(id);
  }

  /** Ends a session, if there is one with this id. Its tokens are dropped before this returns. */
  public void end(TokenDigest id) {
    Session session = sessions.asMap().remove(id);
    if (session != null) {
      over(session);
    }
  }

  /**
   * Ends the sessions of a user who has signed out at the issuer: the one of this {@code sid}, and
   * those of {@code sub} that do not say theirs; all of {@code sub} where {@code sid} is null.
   * Looks at every session.
   *
   * @return how many there were
   */
  int end(String issuer, @Nullable String sid, @Nullable String sub) {
    int ended = 0;
    for (Session session : sessions.asMap().values()) {
      boolean signedOut =
          sid == null || session.sid() == null
              ? session.sub().equals(sub)
              : session.sid().equals(sid);
      if (signedOut && session.issuer().equals(issuer)) {
        end(session.id());
        ended++;
      }
    }
    return ended;
  }

  public long count() {
    return sessions.estimatedSize();
  }

  private void over(Session session) {
    session.end();
    audit.end(session.hits());
    ended.accept(session);
  }
}
