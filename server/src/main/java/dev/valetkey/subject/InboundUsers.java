package dev.valetkey.subject;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Users who called the agent, by what the agent's own calls can be recognised by: a handle, a trace
 * id, or that there is nobody else. Whatever is found here leads to a user token that was verified
 * when it came in, and dies with it or with its session.
 *
 * <p>Thread-safe; never blocks; outlives configurations, not the process: after a restart no handle
 * counts.
 */
public final class InboundUsers {
  /** What every handle begins with. */
  private static final byte[] PREFIX = "vkh-".getBytes(StandardCharsets.US_ASCII);

  /** Of a keyed digest: 192 bits that nobody can guess. */
  private static final int SECRET_BYTES = 24;

  private static final int HANDLE_LENGTH = PREFIX.length + SECRET_BYTES * 4 / 3;

  /** Of each kind; some 150 bytes an entry. */
  private static final int MAX_ENTRIES = 50_000;

  private static final Duration TRACE_REMEMBERED = Duration.ofHours(24);

  /** How long the agent may be at work for somebody whose token has ended. */
  private static final Duration LINGERING = Duration.ofHours(1);

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final InstantSource clock;
  private final SecureRandom random;
  private final SecretKeySpec key;
  private final Cache<TokenDigest, Visit> handles;
  private final Cache<TokenDigest, Visit> sessions;

  /**
   * By whom each was brought; longer than user tokens live, so that no later user takes it over.
   */
  private final Cache<TraceId, Found> traces;

  /** Trace ids that the agent used before any user did. */
  private final Cache<TraceId, Boolean> ownTraces;

  /** The 16 bytes of a trace id (W3C Trace Context §3.2.2.3). */
  public record TraceId(long high, long low) {}

  /** Who it is for whom the agent makes a call. */
  public sealed interface Found {}

  /** Nobody is known by that. */
  public record Nobody() implements Found {
    static final Nobody INSTANCE = new Nobody();
  }

  /** Somebody was, whose user token or session is over. */
  public record Over() implements Found {
    static final Over INSTANCE = new Over();
  }

  /** More than one user is. */
  public record Several() implements Found {
    static final Several INSTANCE = new Several();
  }

  /**
   * One user, as one verified user token showed them.
   *
   * @param token digest of that token
   */
  public record Visit(TokenDigest token, User user) implements Found {
    boolean isOver(long now) {
      return now >= user.expiresAt() || user.session().hasEnded();
    }
  }

  /**
   * @param random makes trace ids, and the key that handles are derived with
   */
  public InboundUsers(InstantSource clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
    byte[] secret = new byte[32];
    random.nextBytes(secret);
    this.key = new SecretKeySpec(secret, "HmacSHA256");
    this.handles = untilAfterTokenEnds(Duration.ZERO);
    this.sessions = untilAfterTokenEnds(LINGERING);
    this.traces = bounded().expireAfterWrite(TRACE_REMEMBERED).build();
    this.ownTraces = bounded().expireAfterWrite(TRACE_REMEMBERED).build();
  }

  /**
   * The handle that stands for this user token from now on: the same one each time. Null if the
   * token has ended.
   */
  public byte @Nullable [] handle(Visit visit) {
    if (visit.isOver(clock.millis())) {
      return null;
    }
    byte[] handle = derive(visit.token());
    handles.put(TokenDigest.of(handle), visit);
    return handle;
  }

  /**
   * Ties a trace to the user who brought it. One that the agent used before, or that another user
   * brought, counts for nobody.
   */
  public void link(TraceId trace, Visit visit) {
    if (ownTraces.getIfPresent(trace) != null) {
      return;
    }
    traces
        .asMap()
        .compute(
            trace,
            (id, present) ->
                switch (present) {
                  case null -> visit;
                  case Visit earlier ->
                      earlier.user().sameAs(visit.user()) ? visit : Several.INSTANCE;
                  case Several several -> several;
                  case Over over -> over;
                  case Nobody nobody -> visit;
                });
  }

  /** A trace id that nobody can guess. */
  public TraceId newTrace() {
    return new TraceId(random.nextLong(), random.nextLong() | 1); // never zero
  }

  /** Remembers that this user is here. */
  public void arrived(Visit visit) {
    sessions
        .asMap()
        .merge(
            visit.user().session().id(),
            visit,
            (earlier, later) ->
                earlier.user().expiresAt() > later.user().expiresAt()
                        && !earlier.user().session().hasEnded()
                    ? earlier
                    : later);
  }

  /** Whether these bytes have the form of a handle, be it good or not. */
  public static boolean isHandle(byte[] bytes, int start, int end) {
    return end - start >= PREFIX.length
        && Arrays.equals(bytes, start, start + PREFIX.length, PREFIX, 0, PREFIX.length);
  }

  /** The user whom the handle with this digest stands for. */
  public Found byHandle(TokenDigest handle) {
    return live(handles.getIfPresent(handle));
  }

  /** The user who brought this trace. One that nobody brought is the agent's own from now on. */
  public Found byTrace(TraceId trace) {
    Found found = traces.getIfPresent(trace);
    if (found == null) {
      ownTraces.put(trace, true);
    }
    return live(found);
  }

  /**
   * The only user there is. One whose token has ended counts as present for an hour more: the agent
   * may still be at work for them, and must not do it as somebody else. One who was signed out does
   * not: whoever did that says that the work is over.
   */
  public Found onlyUser() {
    long now = clock.millis();
    Visit only = null;
    for (Visit visit : sessions.asMap().values()) {
      User user = visit.user();
      if (now < user.expiresAt() && user.session().hasEnded()) {
        sessions.invalidate(user.session().id());
        continue;
      }
      if (only != null && !only.user().sameAs(user)) {
        return Several.INSTANCE;
      }
      if (only == null || user.expiresAt() > only.user().expiresAt()) {
        only = visit;
      }
    }
    return live(only);
  }

  private Found live(@Nullable Found found) {
    return switch (found) {
      case null -> Nobody.INSTANCE;
      case Visit visit -> visit.isOver(clock.millis()) ? Over.INSTANCE : visit;
      case Several several -> several;
      case Over over -> over;
      case Nobody nobody -> nobody;
    };
  }

  private byte[] derive(TokenDigest token) {
    try {
      Mac mac = Mac.getInstance(key.getAlgorithm());
      mac.init(key);
      byte[] secret = Arrays.copyOf(mac.doFinal(token.toBytes()), SECRET_BYTES);
      byte[] handle = Arrays.copyOf(PREFIX, HANDLE_LENGTH);
      System.arraycopy(
          BASE64.encode(secret), 0, handle, PREFIX.length, HANDLE_LENGTH - PREFIX.length);
      return handle;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  private Cache<TokenDigest, Visit> untilAfterTokenEnds(Duration more) {
    return bounded()
        .expireAfter(
            Expiry.<TokenDigest, Visit>writing((id, visit) ->
                Duration.ofMillis(Math.max(0, visit.user().expiresAt() - clock.millis()))
                    .plus(more)))
        .build();
  }

  private Caffeine<Object, Object> bounded() {
    return Caffeine.newBuilder()
        .executor(Runnable::run)
        .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
        .maximumSize(MAX_ENTRIES);
  }
}
