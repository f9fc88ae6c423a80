package dev.valetkey.gate;

import dev.valetkey.call.HttpCall;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.subject.InboundUsers;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Finds the user token in a call without decoding it. A place is told as one number, so that
 * finding allocates nothing: start and end of the token in the call's bytes, or one of the negative
 * constants.
 */
final class UserTokenFinder {
  /** No header of this source is there. */
  static final long ABSENT = -1;

  /** A header is there, but it holds no bearer token that could be one. */
  static final long MALFORMED = -2;

  /** There is more than one: two headers, or two values that Envoy joined with a comma. */
  static final long SEVERAL = -3;

  /** Tokens longer than this are never looked at. */
  static final int MAX_LENGTH = 16 * 1024;

  private static final byte[] AUTHORIZATION = HttpCall.ascii("authorization");
  private static final byte[] MOVED_AUTHORIZATION = HttpCall.ascii("x-valetkey-user-token");
  private static final byte[] BEARER = HttpCall.ascii("bearer");
  private static final byte[] DPOP = HttpCall.ascii("dpop");

  /** Which bytes a token may have: RFC 6750 §2.1 b64token. */
  private static final boolean[] TOKEN_BYTE = new boolean[256];

  static {
    String all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    all.chars().forEach(c -> TOKEN_BYTE[c] = true);
  }

  private final List<Place> places;
  private final boolean handles;

  /** How a place is looked at. */
  enum Kind {
    AUTHORIZATION,
    HEADER,
    HANDLE_IN_AUTHORIZATION,
    HANDLE_IN_BAGGAGE,
    TRACE,
    ONLY_USER
  }

  /**
   * One place to look at; a source may have several.
   *
   * @param source index of the source in the configuration
   * @param name of the header, where its kind leaves a choice
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Place(int source, Kind kind, byte[] name) {
    /** Whether a user token is what counts here. */
    boolean holdsToken() {
      return kind == Kind.AUTHORIZATION || kind == Kind.HEADER;
    }
  }

  UserTokenFinder(List<UserTokenSource> sources) {
    this.handles = sources.contains(new UserTokenSource.Handle());
    this.places =
        IntStream.range(0, sources.size()).boxed().flatMap(i -> places(sources.get(i), i)).toList();
  }

  private static Stream<Place> places(UserTokenSource source, int index) {
    return switch (source) {
      case UserTokenSource.Authorization authorization ->
          Stream.of(new Place(index, Kind.AUTHORIZATION, AUTHORIZATION));
      case UserTokenSource.Header header ->
          Stream.of(new Place(index, Kind.HEADER, HttpCall.ascii(header.name())));
      case UserTokenSource.Handle handle ->
          Stream.of(
              new Place(index, Kind.HANDLE_IN_AUTHORIZATION, AUTHORIZATION),
              new Place(index, Kind.HANDLE_IN_BAGGAGE, AUTHORIZATION));
      case UserTokenSource.TraceId trace -> Stream.of(new Place(index, Kind.TRACE, AUTHORIZATION));
      case UserTokenSource.Workload workload ->
          Stream.of(new Place(index, Kind.ONLY_USER, AUTHORIZATION));
    };
  }

  /** Whether a handle is looked for in places of its own. */
  boolean looksForHandles() {
    return handles;
  }

  int places() {
    return places.size();
  }

  /** Where to look, in the order that counts. */
  Place place(int index) {
    return places.get(index);
  }

  /** The token or handle in a place; {@link #ABSENT} where the kind needs none. */
  static long find(HttpCall call, Place place) {
    return switch (place.kind()) {
      case AUTHORIZATION -> findAuthorization(call);
      case HEADER -> single(call, place.name(), false);
      case HANDLE_IN_AUTHORIZATION -> handle(call);
      case HANDLE_IN_BAGGAGE -> Baggage.find(call);
      case TRACE, ONLY_USER -> ABSENT;
    };
  }

  /** The token of a user's call to the agent: where it came, for nobody has moved it. */
  static long findInbound(HttpCall call) {
    return single(call, AUTHORIZATION, true);
  }

  /** Whatever else stands in {@code Authorization} is no handle, and nobody's business here. */
  private static long handle(HttpCall call) {
    long place = findAuthorization(call);
    return place >= 0 && InboundUsers.isHandle(call.bytes(), start(place), end(place))
        ? place
        : ABSENT;
  }

  /** The token in {@code Authorization} itself, as the retry hop carries it. */
  static long findIssued(HttpCall call) {
    int index = call.header(AUTHORIZATION);
    int start = index < 0 ? -1 : call.valueStart(index);
    boolean dpop = index >= 0 && hasScheme(DPOP, call.bytes(), start, call.valueEnd(index));
    return dpop && call.header(AUTHORIZATION, index) < 0
        ? token(call.bytes(), start + DPOP.length + 1, call.valueEnd(index), false)
        : single(call, AUTHORIZATION, true);
  }

  /** Whether a token may have this byte (RFC 6750 §2.1). */
  static boolean isTokenByte(byte b) {
    return TOKEN_BYTE[b & 0xff];
  }

  /** Start of a place. */
  static int start(long place) {
    return (int) (place >>> 32);
  }

  /** End of a place. */
  static int end(long place) {
    return (int) place;
  }

  /**
   * Envoy moves {@code Authorization} away on listed servers; where both are there, somebody added
   * one.
   */
  private static long findAuthorization(HttpCall call) {
    if (call.header(MOVED_AUTHORIZATION) < 0) {
      return single(call, AUTHORIZATION, true);
    }
    return call.header(AUTHORIZATION) < 0 ? single(call, MOVED_AUTHORIZATION, true) : SEVERAL;
  }

  private static long single(HttpCall call, byte[] name, boolean schemeNeeded) {
    int index = call.header(name);
    if (index < 0) {
      return ABSENT;
    }
    if (call.header(name, index) >= 0) {
      return SEVERAL;
    }
    return token(call.bytes(), call.valueStart(index), call.valueEnd(index), schemeNeeded);
  }

  /** RFC 6750 §2.1: {@code Bearer 1*SP b64token}; the scheme in any case. */
  static long token(byte[] bytes, int start, int end, boolean schemeNeeded) {
    int at = start;
    if (hasScheme(BEARER, bytes, start, end)) {
      at += BEARER.length;
      while (at < end && bytes[at] == ' ') {
        at++;
      }
    } else if (schemeNeeded) {
      return MALFORMED;
    }
    if (at == end || end - at > MAX_LENGTH) {
      return MALFORMED;
    }
    for (int i = at; i < end; i++) {
      if (!isTokenByte(bytes[i])) {
        return bytes[i] == ',' ? SEVERAL : MALFORMED;
      }
    }
    return (long) at << 32 | end;
  }

  /**
   * @param scheme in lower case
   */
  private static boolean hasScheme(byte[] scheme, byte[] bytes, int start, int end) {
    if (end - start <= scheme.length || bytes[start + scheme.length] != ' ') {
      return false;
    }
    for (int i = 0; i < scheme.length; i++) {
      if ((bytes[start + i] | 0x20) != scheme[i]) {
        return false;
      }
    }
    return true;
  }
}
