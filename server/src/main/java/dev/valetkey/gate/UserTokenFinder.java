package dev.valetkey.gate;

import dev.valetkey.call.HttpCall;
import dev.valetkey.config.UserTokenSource;
import java.util.List;

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

  private final List<UserTokenSource> sources;
  private final byte[][] names;

  UserTokenFinder(List<UserTokenSource> sources) {
    this.sources = List.copyOf(sources);
    this.names =
        sources.stream()
            .map(source ->
                switch (source) {
                  case UserTokenSource.Authorization authorization -> AUTHORIZATION;
                  case UserTokenSource.Header header -> HttpCall.ascii(header.name());
                })
            .toArray(byte[][]::new);
  }

  int sources() {
    return names.length;
  }

  /** The token of one source. */
  long find(HttpCall call, int source) {
    return switch (sources.get(source)) {
      case UserTokenSource.Authorization authorization -> findAuthorization(call);
      case UserTokenSource.Header header -> single(call, names[source], false);
    };
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
      if (!TOKEN_BYTE[bytes[i] & 0xff]) {
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
