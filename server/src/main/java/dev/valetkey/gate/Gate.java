package dev.valetkey.gate;

import dev.valetkey.call.Decision;
import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.Reason;
import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.route.Match;
import dev.valetkey.route.Route;
import dev.valetkey.subject.SubjectResolver;
import dev.valetkey.subject.SubjectResolver.Resolution;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenProvider;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Judges every call: which server, which user, which token, and whatever is not a clear yes is a
 * refusal.
 *
 * <p>There are two lanes made of the same steps. {@link #answerNow} runs on Envoy's event loop and
 * gives up where it would have to wait; {@link #decide} runs on a virtual thread and waits. A step
 * that would wait returns null when it has no deadline to wait for.
 */
public final class Gate {
  private static final Forward WITHOUT_TOKEN = new Forward(HeaderEdits.WITHOUT_AUTHORIZATION, null);

  private final TokenProvider tokens;
  private final Audit audit;
  private final Metrics metrics;
  private final Journal journal;

  /** Used by the event loop alone. */
  private final TokenHasher loopHasher = new TokenHasher();

  private volatile Snapshot snapshot;

  /** A gate that judges by {@code config} until {@link #use} gives it another. */
  public Gate(
      Config config,
      SubjectResolver users,
      TokenProvider tokens,
      Audit audit,
      Metrics metrics,
      LongSupplier nanoTime) {
    this.tokens = tokens;
    this.audit = audit;
    this.metrics = metrics;
    this.journal = new Journal(audit, metrics, nanoTime);
    this.snapshot = Snapshot.of(config, users, audit, metrics);
  }

  /**
   * Judges by another configuration from the next call on; calls that are being judged end under
   * the old one.
   */
  public void use(Config config, SubjectResolver users) {
    snapshot = Snapshot.of(config, users, audit, metrics);
  }

  /**
   * The decision, if it can be had without waiting and without verifying a signature; null: copy
   * the call and ask {@link #decide}. Only for Envoy's event loop.
   */
  public @Nullable Decision answerNow(HttpCall call) {
    return judge(call, snapshot, null);
  }

  /** The decision, at {@code deadline} at the latest. */
  public Decision decide(HttpCall call, Deadline deadline) {
    Decision decision = judge(call, snapshot, deadline);
    if (decision == null) {
      throw new IllegalStateException("a step gave up although it had a deadline");
    }
    return decision;
  }

  /**
   * A server's 401 or 403 reached the agent although it carried this token: the next call gets
   * another one.
   */
  public void upstreamRefused(TokenDigest token) {
    tokens.forget(token);
  }

  /** The refusal of a call that could not be judged: malformed, or a bug was met. */
  public Decision unjudged(Reason reason) {
    if (reason == Reason.INTERNAL) {
      metrics.internalError();
    }
    return journal.refuse(null, null, reason, false);
  }

  private @Nullable Decision judge(HttpCall call, Snapshot now, @Nullable Deadline deadline) {
    if (CallKind.isForbidden(call)) {
      return journal.refuse(null, null, Reason.METHOD_REFUSED, CallKind.isMcp(call));
    }
    return switch (call.direction()) {
      case OUTBOUND -> outbound(call, now, deadline);
      case RETRY -> deadline == null ? null : retry(call, now, deadline);
      case UNLISTED -> unlisted(call, now);
      case INBOUND, UNKNOWN ->
          journal.refuse(null, null, Reason.DIRECTION_UNKNOWN, CallKind.isMcp(call));
    };
  }

  private Decision unlisted(HttpCall call, Snapshot now) {
    Decision forward = now.unlisted().forward(call);
    return forward != null
        ? forward
        : journal.refuse(null, null, Reason.UNLISTED_HOST, CallKind.isMcp(call));
  }

  private @Nullable Decision outbound(HttpCall call, Snapshot now, @Nullable Deadline deadline) {
    return switch (now.routes().match(call)) {
      case Match.Mismatch mismatch ->
          journal.refuse(null, null, mismatch.reason(), CallKind.isMcp(call));
      case Route route -> outbound(call, now, now.lane(route), deadline);
    };
  }

  private @Nullable Decision outbound(
      HttpCall call, Snapshot now, Lane lane, @Nullable Deadline deadline) {
    if (!CallKind.isAllowed(call)) {
      return refuse(call, lane, null, Reason.METHOD_REFUSED);
    }
    return switch (lane.grant()) {
      case GrantConfig.Refuse refuse -> refuse(call, lane, null, Reason.SERVER_REFUSED);
      case GrantConfig.None none -> withoutToken(lane);
      case GrantConfig.Static file -> token(call, lane, lane.target(), null, deadline);
      case GrantConfig.ClientCredentials credentials ->
          token(call, lane, lane.target(), null, deadline);
      case GrantConfig.TokenExchange exchange -> forUser(call, now, lane, deadline);
    };
  }

  /**
   * The first source that is present counts; a later one must not show somebody else (design.md
   * §4).
   */
  private @Nullable Decision forUser(
      HttpCall call, Snapshot now, Lane lane, @Nullable Deadline deadline) {
    UserTokenFinder finder = now.finder();
    User user = null;
    for (int source = 0; source < finder.sources(); source++) {
      long place = finder.find(call, source);
      if (place == UserTokenFinder.ABSENT) {
        continue;
      }
      if (place < 0) {
        if (user != null) {
          continue;
        }
        boolean several = place == UserTokenFinder.SEVERAL;
        return refuse(
            call, lane, null, several ? Reason.SEVERAL_USER_TOKENS : Reason.USER_TOKEN_MALFORMED);
      }
      TokenDigest digest = digest(call, place, deadline);
      User found = now.users().known(digest);
      if (found == null) {
        if (deadline == null) {
          return null;
        }
        int start = UserTokenFinder.start(place);
        int end = UserTokenFinder.end(place);
        switch (now.users().resolve(call.bytes(), start, end, digest, deadline)) {
          case Resolution.Resolved resolved -> found = resolved.user();
          case Resolution.Refused refused -> {
            if (user == null) {
              return refuse(call, lane, null, Reasons.of(refused.fault()));
            }
            continue;
          }
        }
      }
      if (user != null && !user.subject().sameUser(found.subject())) {
        return refuse(call, lane, user, Reason.SUBJECT_CONFLICT);
      }
      user = user == null ? found : user;
    }
    return user == null
        ? withoutUser(call, lane, deadline)
        : token(call, lane, lane.target(), user, deadline);
  }

  private @Nullable Decision withoutUser(HttpCall call, Lane lane, @Nullable Deadline deadline) {
    return switch (lane.withoutUser().grant()) {
      case GrantConfig.None none -> withoutToken(lane);
      case GrantConfig.Static file -> token(call, lane, lane.withoutUser(), null, deadline);
      case GrantConfig.ClientCredentials credentials ->
          token(call, lane, lane.withoutUser(), null, deadline);
      case GrantConfig.Refuse refuse -> refuse(call, lane, null, Reason.NO_USER_TOKEN);
      case GrantConfig.TokenExchange exchange -> refuse(call, lane, null, Reason.NO_USER_TOKEN);
    };
  }

  private @Nullable Decision token(
      HttpCall call, Lane lane, Target target, @Nullable User user, @Nullable Deadline deadline) {
    Duration minLifetime =
        CallKind.isStream(call) ? lane.server().streamMinLifetime() : Duration.ZERO;
    TokenRequest request = new TokenRequest(target, user, minLifetime);
    TokenOutcome known = tokens.known(request);
    if (known instanceof Granted granted) {
      return journal.hit(lane, user, granted.token());
    }
    long started = journal.now();
    TokenOutcome outcome = known;
    if (outcome == null) {
      if (deadline == null) {
        return null;
      }
      outcome = tokens.get(request, deadline);
    }
    return switch (outcome) {
      case Granted granted -> journal.fresh(lane, user, granted.token(), "miss", started);
      case Rejected rejected -> refuse(call, lane, user, Reasons.of(rejected.rejection()));
      case Unavailable unavailable -> unavailable(call, lane, user, unavailable);
    };
  }

  /**
   * The second attempt after a server's 401 carries the token that the server refused (design.md
   * §7).
   */
  private Decision retry(HttpCall call, Snapshot now, Deadline deadline) {
    if (!(now.routes().match(call) instanceof Route route)) {
      return journal.refuse(null, null, Reason.UNKNOWN_RETRY, CallKind.isMcp(call));
    }
    Lane lane = now.lane(route);
    long place = UserTokenFinder.findBearer(call);
    if (place < 0) {
      return refuse(call, lane, null, Reason.UNKNOWN_RETRY);
    }
    long started = journal.now();
    TokenOutcome outcome =
        tokens.renew(digest(call, place, deadline), lane.server().name(), deadline);
    return switch (outcome) {
      case null -> refuse(call, lane, null, Reason.UNKNOWN_RETRY);
      case Granted granted -> journal.fresh(lane, null, granted.token(), "renewed", started);
      case Rejected rejected -> refuse(call, lane, null, Reasons.of(rejected.rejection()));
      case Unavailable unavailable -> unavailable(call, lane, null, unavailable);
    };
  }

  private TokenDigest digest(HttpCall call, long place, @Nullable Deadline deadline) {
    TokenHasher hasher = deadline == null ? loopHasher : new TokenHasher();
    return hasher.digest(call.bytes(), UserTokenFinder.start(place), UserTokenFinder.end(place));
  }

  private Decision withoutToken(Lane lane) {
    lane.metrics().without();
    return WITHOUT_TOKEN;
  }

  private Decision refuse(HttpCall call, Lane lane, @Nullable User user, Reason reason) {
    return journal.refuse(lane, user, reason, CallKind.isMcp(call));
  }

  private Decision unavailable(
      HttpCall call, Lane lane, @Nullable User user, Unavailable unavailable) {
    Refuse refuse =
        journal.refuse(lane, user, Reasons.of(unavailable.cause()), CallKind.isMcp(call));
    long seconds = Math.max(1, unavailable.retryAfter().plusMillis(999).toSeconds());
    return new Refuse(refuse.reason(), (int) Math.min(seconds, 300), refuse.mcp());
  }
}
