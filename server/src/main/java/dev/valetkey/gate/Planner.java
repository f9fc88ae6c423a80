package dev.valetkey.gate;

import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.Reason;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.gate.Plan.Admit;
import dev.valetkey.gate.Plan.Ask;
import dev.valetkey.gate.Plan.Pass;
import dev.valetkey.gate.Plan.Refuse;
import dev.valetkey.gate.Plan.Renew;
import dev.valetkey.gate.UserTokenFinder.Place;
import dev.valetkey.route.Match;
import dev.valetkey.route.Route;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.InboundUsers.Found;
import dev.valetkey.subject.InboundUsers.Visit;
import dev.valetkey.subject.SubjectResolver.Resolution;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Session.UserToken;
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
      case INBOUND -> inbound(call, now, deadline);
      case UNKNOWN -> new Refuse(Reason.DIRECTION_UNKNOWN, null, null);
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
      case GrantConfig.None none -> new Pass(HeaderEdits.WITHOUT_AUTHORIZATION, lane);
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
    boolean told = false;
    UserTokenFinder finder = now.finder();
    for (int i = 0; i < finder.places(); i++) { // an iterator would be garbage of every call
      Place place = finder.place(i);
      User found = known(call, now, place);
      if (found == null) {
        switch (sight(call, now, lane, place, deadline)) {
          case null -> {
            return null;
          }
          case Sighting.Nobody nobody -> {
            continue;
          }
          case Sighting.Fault fault -> {
            // That there is only one user says nothing where the call was made for another.
            if (!told) {
              return new Refuse(fault.reason(), lane, user);
            }
            continue;
          }
          case Sighting.Of shown -> found = shown.user();
        }
      }
      told |= place.kind() != UserTokenFinder.Kind.ONLY_USER;
      if (user == null) {
        user = found;
        counted = place.source();
      } else if (!user.sameAs(found)) {
        return new Refuse(Reason.SUBJECT_CONFLICT, lane, user);
      }
    }
    return user == null
        ? withoutUser(call, lane)
        : ask(call, lane, lane.tools().of(call), user, counted);
  }

  /** The user of a token that is known, which is the usual case, and leaves no garbage. */
  private @Nullable User known(HttpCall call, Snapshot now, Place place) {
    long token = UserTokenFinder.find(call, place);
    return token < 0 || !place.holdsToken()
        ? null
        : now.users()
            .known(
                hasher.digest(
                    call.bytes(), UserTokenFinder.start(token), UserTokenFinder.end(token)));
  }

  /** Whom one place shows; null: that takes a signature check, and there is no deadline. */
  private @Nullable Sighting sight(
      HttpCall call, Snapshot now, Lane lane, Place place, @Nullable Deadline deadline) {
    return switch (place.kind()) {
      case AUTHORIZATION, HEADER -> {
        long token = UserTokenFinder.find(call, place);
        // A handle is looked at where handles are.
        yield now.finder().looksForHandles() && isHandle(call, token)
            ? Sighting.NOBODY
            : verified(call, now, token, deadline);
      }
      case HANDLE_IN_AUTHORIZATION, HANDLE_IN_BAGGAGE ->
          byHandle(call, now, lane, UserTokenFinder.find(call, place), deadline);
      case TRACE ->
          lane.correlates()
              ? visitor(now, now.inbound().byTrace(call), Sighting.NOBODY, deadline)
              : Sighting.NOBODY;
      case ONLY_USER ->
          lane.correlates()
              ? visitor(now, now.inbound().onlyUser(), Sighting.NOBODY, deadline)
              : Sighting.NOBODY;
    };
  }

  private @Nullable Sighting verified(
      HttpCall call, Snapshot now, long place, @Nullable Deadline deadline) {
    if (place == UserTokenFinder.ABSENT) {
      return Sighting.NOBODY;
    }
    if (place < 0) {
      return new Sighting.Fault(unreadable(place));
    }
    int start = UserTokenFinder.start(place);
    int end = UserTokenFinder.end(place);
    if (isHandle(call, place)) {
      // No issuer is to see it.
      return new Sighting.Fault(Reason.USER_TOKEN_MALFORMED);
    }
    TokenDigest digest = hasher.digest(call.bytes(), start, end);
    User known = now.users().known(digest);
    return known == null
        ? resolved(now, call.bytes(), start, end, digest, deadline)
        : new Sighting.Of(known, digest);
  }

  private static boolean isHandle(HttpCall call, long place) {
    return place >= 0
        && InboundUsers.isHandle(
            call.bytes(), UserTokenFinder.start(place), UserTokenFinder.end(place));
  }

  private static @Nullable Sighting resolved(
      Snapshot now,
      byte[] bytes,
      int start,
      int end,
      TokenDigest digest,
      @Nullable Deadline deadline) {
    if (deadline == null) {
      return null;
    }
    return switch (now.users().resolve(bytes, start, end, digest, deadline)) {
      case Resolution.Resolved resolved -> new Sighting.Of(resolved.user(), digest);
      case Resolution.Refused refused -> new Sighting.Fault(Reasons.of(refused.fault()));
    };
  }

  private @Nullable Sighting byHandle(
      HttpCall call, Snapshot now, Lane lane, long place, @Nullable Deadline deadline) {
    if (place == UserTokenFinder.ABSENT) {
      return Sighting.NOBODY;
    }
    if (place < 0) {
      return new Sighting.Fault(unreadable(place));
    }
    if (!lane.correlates()) {
      return new Sighting.Fault(Reason.HANDLE_ELSEWHERE);
    }
    TokenDigest digest =
        hasher.digest(call.bytes(), UserTokenFinder.start(place), UserTokenFinder.end(place));
    return visitor(now, now.inbound().byHandle(digest), Sighting.GONE, deadline);
  }

  /**
   * The user who called the agent, by the user token of that call: it is judged as if it had come
   * with this one.
   *
   * @param nobody what it means that there is none
   */
  private static @Nullable Sighting visitor(
      Snapshot now, @Nullable Found found, Sighting nobody, @Nullable Deadline deadline) {
    return switch (found) {
      case null -> nobody;
      case InboundUsers.Nobody none -> nobody;
      case InboundUsers.Over over -> Sighting.GONE;
      case InboundUsers.Several several -> new Sighting.Fault(Reason.AMBIGUOUS_USER);
      case Visit visit -> {
        User known = now.users().known(visit.token());
        if (known != null) {
          yield new Sighting.Of(known, visit.token());
        }
        UserToken token = visit.user().userToken();
        if (token == null) {
          yield Sighting.GONE;
        }
        byte[] bytes = HttpCall.ascii(token.text().reveal());
        yield resolved(now, bytes, 0, bytes.length, token.digest(), deadline);
      }
    };
  }

  private @Nullable Plan inbound(HttpCall call, Snapshot now, @Nullable Deadline deadline) {
    if (!now.inbound().areChecked()) {
      return new Refuse(Reason.DIRECTION_UNKNOWN, null, null);
    }
    return switch (verified(call, now, UserTokenFinder.findInbound(call), deadline)) {
      case null -> null;
      case Sighting.Nobody nobody -> new Refuse(Reason.NO_USER_TOKEN, null, null);
      case Sighting.Fault fault -> new Refuse(fault.reason(), null, null);
      case Sighting.Of found -> {
        HeaderEdits edits = now.inbound().admit(call, new Visit(found.token(), found.user()));
        yield edits == null
            ? new Refuse(Reason.USER_TOKEN_EXPIRED, null, found.user())
            : new Admit(edits, found.user());
      }
    };
  }

  private static Reason unreadable(long place) {
    return place == UserTokenFinder.SEVERAL
        ? Reason.SEVERAL_USER_TOKENS
        : Reason.USER_TOKEN_MALFORMED;
  }

  private Plan withoutUser(HttpCall call, Lane lane) {
    return switch (lane.withoutUser().grant()) {
      case GrantConfig.None none -> new Pass(HeaderEdits.WITHOUT_AUTHORIZATION, lane);
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
            ? new Pass(HeaderEdits.WITHOUT_AUTHORIZATION, lane)
            : new Refuse(Reason.UNKNOWN_RETRY, lane, null);
      }
    };
  }

  private Plan unlisted(HttpCall call, Snapshot now) {
    return now.unlisted().plan(call, hasher);
  }
}
