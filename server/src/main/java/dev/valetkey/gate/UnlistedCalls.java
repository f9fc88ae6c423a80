package dev.valetkey.gate;

import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.config.UnlistedHosts;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.subject.SubjectResolver;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happens to calls for hosts that are not servers: the user token stays here, other
 * credentials pass (design.md §9.5).
 */
final class UnlistedCalls {
  private static final byte[] AUTHORIZATION = HttpCall.ascii("authorization");
  private static final byte[] REFUSE = HttpCall.ascii("refuse");
  private static final Forward PASS = new Forward(HeaderEdits.UNCHANGED, null);
  private static final Forward STRIP = new Forward(HeaderEdits.WITHOUT_AUTHORIZATION, null);

  private final UnlistedHosts policy;
  private final SubjectResolver users;
  private final List<byte[]> watched;

  UnlistedCalls(UnlistedHosts policy, List<UserTokenSource> sources, SubjectResolver users) {
    this.policy = policy;
    this.users = users;
    this.watched =
        sources.stream()
            .filter(UserTokenSource.Header.class::isInstance)
            .map(source -> HttpCall.ascii(((UserTokenSource.Header) source).name()))
            .toList();
  }

  /**
   * How the call goes on; null: it is refused as {@link Reason#UNLISTED_HOST}.
   *
   * @param hasher of the thread that asks
   */
  @Nullable Forward forward(HttpCall call, TokenHasher hasher) {
    // The layout says "refuse" where it could not let anything pass whatever we answer.
    if (policy == UnlistedHosts.REFUSE || call.is(Part.UNLISTED, REFUSE)) {
      return null;
    }
    for (byte[] name : watched) {
      // Envoy lets us remove no other header than Authorization, so a user token elsewhere ends the
      // call.
      if (holdsUserToken(call, name, hasher)) {
        return null;
      }
    }
    return holdsUserToken(call, AUTHORIZATION, hasher) ? STRIP : PASS;
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
        if (at > word
            && (users.seen(hasher.digest(bytes, word, at))
                || users.looksLikeUserToken(bytes, word, at))) {
          return true;
        }
        word = at + 1;
      }
    }
    return false;
  }
}
