package dev.valetkey.gate;

import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.config.UnlistedHosts;
import dev.valetkey.config.UserTokenConfig;
import dev.valetkey.config.UserTokenConfig.Guarded;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.SubjectResolver;
import java.util.List;

/**
 * What happens to calls for hosts that are not servers: the user token stays here, other
 * credentials pass (design.md §9.5).
 */
final class UnlistedCalls {
  private static final byte[] AUTHORIZATION = HttpCall.ascii("authorization");
  private static final byte[] PROXY_AUTHORIZATION = HttpCall.ascii("proxy-authorization");
  private static final byte[] COOKIE = HttpCall.ascii("cookie");
  private static final byte[] REFUSE = HttpCall.ascii("refuse");

  private final UnlistedHosts policy;
  private final SubjectResolver users;

  /** Headers that hold nothing but credentials. */
  private final List<byte[]> watched;

  /** Places that hold credentials among other things. */
  private final List<Guarded> guarded;

  UnlistedCalls(UnlistedHosts policy, UserTokenConfig userToken, SubjectResolver users) {
    this.policy = policy;
    this.users = users;
    this.watched =
        userToken.from().stream()
            .filter(UserTokenSource.Header.class::isInstance)
            .map(source -> HttpCall.ascii(((UserTokenSource.Header) source).name()))
            .toList();
    this.guarded = userToken.guard();
  }

  /**
   * What is to be done with the call.
   *
   * @param hasher of the thread that asks
   */
  Plan plan(HttpCall call, TokenHasher hasher) {
    // The layout says "refuse" where it could not let anything pass whatever we answer.
    if (policy == UnlistedHosts.REFUSE || call.is(Part.UNLISTED, REFUSE)) {
      return new Plan.Refuse(Reason.UNLISTED_HOST, null, null);
    }
    // Envoy lets us remove no other header than Authorization, so a user token elsewhere ends the
    // call.
    for (byte[] name : watched) {
      if (holdsUserToken(call, name, hasher)) {
        return new Plan.Refuse(Reason.USER_TOKEN_LEAK, null, null);
      }
    }
    for (Guarded place : guarded) {
      if (holdsUserToken(call, place, hasher)) {
        return new Plan.Refuse(Reason.USER_TOKEN_LEAK, null, null);
      }
    }
    return new Plan.Pass(
        holdsUserToken(call, AUTHORIZATION, hasher)
            ? HeaderEdits.WITHOUT_AUTHORIZATION
            : HeaderEdits.UNCHANGED,
        null);
  }

  private boolean holdsUserToken(HttpCall call, Guarded place, TokenHasher hasher) {
    return switch (place) {
      case PROXY_AUTHORIZATION -> holdsUserToken(call, PROXY_AUTHORIZATION, hasher);
      case COOKIE -> {
        boolean found = false;
        for (int i = call.header(COOKIE); i >= 0 && !found; i = call.header(COOKIE, i)) {
          found = mentionsUserToken(call.bytes(), call.valueStart(i), call.valueEnd(i), hasher);
        }
        yield found;
      }
      case QUERY -> {
        int end = call.end(Part.PATH);
        int at = Math.max(call.start(Part.PATH), 0);
        while (at < end && call.bytes()[at] != '?') {
          at++;
        }
        yield mentionsUserToken(call.bytes(), at, end, hasher);
      }
    };
  }

  /** Whether a user token stands anywhere between bytes that no token has. */
  private boolean mentionsUserToken(byte[] bytes, int start, int end, TokenHasher hasher) {
    int word = start;
    for (int at = start; at <= end; at++) {
      if (at == end || !UserTokenFinder.isTokenByte(bytes[at]) || bytes[at] == '=') {
        if (isOne(bytes, word, at, hasher)) {
          return true;
        }
        word = at + 1;
      }
    }
    return false;
  }

  /** Every part between commas counts: Envoy joins several headers of one name. */
  private boolean holdsUserToken(HttpCall call, byte[] name, TokenHasher hasher) {
    for (int i = call.header(name); i >= 0; i = call.header(name, i)) {
      int end = call.valueEnd(i);
      int start = call.valueStart(i);
      for (int at = start; at <= end; at++) {
        if (at == end || call.bytes()[at] == ',') {
          if (isUserToken(call.bytes(), start, at, hasher)) {
            return true;
          }
          start = at + 1;
        }
      }
    }
    return false;
  }

  /** Every word counts: {@code Bearer x}, {@code bearer x}, {@code x}. */
  private boolean isUserToken(byte[] bytes, int start, int end, TokenHasher hasher) {
    int word = start;
    for (int at = start; at <= end; at++) {
      if (at == end || bytes[at] == ' ' || bytes[at] == '\t') {
        // Known tokens are told by their digest, which costs less than to look into a JWT.
        if (isOne(bytes, word, at, hasher)) {
          return true;
        }
        word = at + 1;
      }
    }
    return false;
  }

  private boolean isOne(byte[] bytes, int start, int end, TokenHasher hasher) {
    return end > start
        && (InboundUsers.isHandle(bytes, start, end)
            || users.seen(hasher.digest(bytes, start, end))
            || users.looksLikeUserToken(bytes, start, end));
  }
}
