package dev.valetkey.gate;

import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.Reason;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.gate.Plan.Ask;
import dev.valetkey.gate.Plan.Pass;
import dev.valetkey.gate.Plan.Refuse;
import dev.valetkey.gate.Plan.Renew;
import dev.valetkey.route.Match;
import dev.valetkey.route.Route;
import dev.valetkey.subject.SubjectResolver.Resolution;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Works out the plan of a call: which server, which user, which token to ask for. Changes nothing
 * but the memory of verified users. A step that would have to wait gives null when it has no
 * deadline to wait for. For one thread at a time.
 */
final class Planner {
  private static final Forward WITHOUT_TOKEN = new Forward(HeaderEdits.WITHOUT_AUTHORIZATION, null);

  private final TokenHasher hasher = new TokenHasher();

  /** The plan under {@code now}; null: it takes a signature check, and there is no deadline. */
  @Nullable Plan plan(HttpCall call, Snapshot now, @Nullable Deadline deadline) {
    if (CallKind.isForbidden(call)) {
      return new Refuse(Reason.METHOD_REFUSED, null, null);
    }
    return switch (call.direction()) {
      case OUTBOUND -> outbound(call, now, deadline);
      case RETRY -> retry(call, now);
      case UNLISTED -> unlisted(call, now);
      case INBOUND, UNKNOWN -> new Refuse(Reason.DIRECTION_UNKNOWN, null, null);
    };
  }

  private @Nullable Plan outbound(HttpCall call, Snapshot now, @Nullable Deadline deadline) {
    return switch (now.routes().match(call)) {
      case Match.Mismatch mismatch -> new Refuse(mismatch.reason(), null, null);
      case Route route -> forServer(call, now, now.lane(route), deadline);
    };
  }

  private @Nullable Plan forServer(
      HttpCall call, Snapshot now, Lane lane, @Nullable Deadline deadline) {
    if (!CallKind.isAllowed(call)) {
      return new Refuse(Reason.METHOD_REFUSED, lane, null);
    }
    return switch (lane.grant()) {
      case GrantConfig.Refuse refuse -> new Refuse(Reason.SERVER_REFUSED, lane, null);
      case GrantConfig.None none -> new Pass(WITHOUT_TOKEN, lane);
      case GrantConfig.Static file -> ask(call, lane, lane.target(), null, -1);
      case GrantConfig.TokenBroker broker -> forUser(call, now, lane, deadline);
      case GrantConfig.Asking asking ->
          asking.needsUser()
              ? forUser(call, now, lane, deadline)
              : ask(call, lane, lane.tools().of(call), null, -1);
    };
  }

  /**
   * The first source that is present counts; a later one must not show somebody else (design.md
   * §4).
   */
  private @Nullable Plan forUser(
      HttpCall call, Snapshot now, Lane lane, @Nullable Deadline deadline) {
    User user = null;
    int counted = -1;
    for (int source = 0; source < now.finder().sources(); source++) {
      long place = now.finder().find(call, source);
      if (place == UserTokenFinder.ABSENT) {
        continue;
      }
      if (place < 0) {
        if (user == null) {
          return new Refuse(unreadable(place), lane, null);
        }
        continue;
      }
      int start = UserTokenFinder.start(place);
      int end = UserTokenFinder.end(place);
      TokenDigest digest = hasher.digest(call.bytes(), start, end);
      User found = now.users().known(digest);
      if (found == null) {
        if (deadline == null) {
          return null;
        }
        switch (now.users().resolve(call.bytes(), start, end, digest, deadline)) {
          case Resolution.Resolved resolved -> found = resolved.user();
          case Resolution.Refused refused -> {
            if (user == null) {
              return new Refuse(Reasons.of(refused.fault()), lane, null);
            }
            continue;
          }
        }
      }
      if (user == null) {
        user = found;
        counted = source;
      } else if (!user.sameAs(found)) {
        return new Refuse(Reason.SUBJECT_CONFLICT, lane, user);
      }
    }
    return user == null
        ? withoutUser(call, lane)
        : ask(call, lane, lane.tools().of(call), user, counted);
  }

  private static Reason unreadable(long place) {
    return place == UserTokenFinder.SEVERAL
        ? Reason.SEVERAL_USER_TOKENS
        : Reason.USER_TOKEN_MALFORMED;
  }

  private Plan withoutUser(HttpCall call, Lane lane) {
    return switch (lane.withoutUser().grant()) {
      case GrantConfig.None none -> new Pass(WITHOUT_TOKEN, lane);
      case GrantConfig.Refuse refuse -> new Refuse(Reason.NO_USER_TOKEN, lane, null);
      case GrantConfig.Static file -> ask(call, lane, lane.withoutUser(), null, -1);
      case GrantConfig.TokenBroker broker -> new Refuse(Reason.NO_USER_TOKEN, lane, null);
      case GrantConfig.Asking asking ->
          asking.needsUser()
              ? new Refuse(Reason.NO_USER_TOKEN, lane, null)
              : ask(call, lane, lane.withoutUser(), null, -1);
    };
  }

  private static Plan ask(
      HttpCall call, Lane lane, Target target, @Nullable User user, int source) {
    Duration minLifetime =
        CallKind.isStream(call) ? lane.server().streamMinLifetime() : Duration.ZERO;
    return new Ask(lane, new TokenRequest(target, user, minLifetime), source);
  }

  /**
   * The second attempt after a server's 401 carries the token that the server refused (design.md
   * §7).
   */
  private Plan retry(HttpCall call, Snapshot now) {
    return switch (now.routes().match(call)) {
      case Match.Mismatch mismatch -> new Refuse(mismatch.reason(), null, null);
      case Route route -> {
        Lane lane = now.lane(route);
        long place = UserTokenFinder.findIssued(call);
        if (place >= 0) {
          int start = UserTokenFinder.start(place);
          yield new Renew(lane, hasher.digest(call.bytes(), start, UserTokenFinder.end(place)));
        }
        boolean wentWithout =
            place == UserTokenFinder.ABSENT
                && lane.withoutUser().grant() instanceof GrantConfig.None;
        // Nothing was refused that we gave: the server's own challenge shall reach the agent.
        yield wentWithout
            ? new Pass(WITHOUT_TOKEN, lane)
            : new Refuse(Reason.UNKNOWN_RETRY, lane, null);
      }
    };
  }

  private Plan unlisted(HttpCall call, Snapshot now) {
    Forward forward = now.unlisted().forward(call, hasher);
    return forward == null ? new Refuse(Reason.UNLISTED_HOST, null, null) : new Pass(forward, null);
  }
}
