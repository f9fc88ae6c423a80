package dev.valetkey.gate;

import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;

/**
 * What the headers say about a call: its method, whether an MCP library reads the answer, whether
 * it opens a stream.
 */
final class CallKind {
  private static final byte[] PROTOCOL_VERSION = HttpCall.ascii("mcp-protocol-version");
  private static final byte[] MCP_METHOD = HttpCall.ascii("mcp-method");
  private static final byte[] SUBSCRIPTIONS_LISTEN = HttpCall.ascii("subscriptions/listen");
  private static final byte[] ACCEPT = HttpCall.ascii("accept");
  private static final byte[] CONTENT_TYPE = HttpCall.ascii("content-type");
  private static final byte[] JSON = HttpCall.ascii("application/json");
  private static final byte[] EVENT_STREAM = HttpCall.ascii("text/event-stream");
  private static final byte[] GET = HttpCall.ascii("GET");
  private static final byte[] POST = HttpCall.ascii("POST");
  private static final byte[] TRACE = HttpCall.ascii("TRACE");
  private static final byte[] CONNECT = HttpCall.ascii("CONNECT");
  private static final byte[][] ALLOWED = {
    POST,
    GET,
    HttpCall.ascii("DELETE"),
    HttpCall.ascii("OPTIONS"),
    HttpCall.ascii("HEAD"),
    HttpCall.ascii("PUT"),
    HttpCall.ascii("PATCH")
  };

  private CallKind() {}

  /**
   * Whether a listed server may see this method. An upstream that echoes TRACE would show the agent
   * its token.
   */
  static boolean isAllowed(HttpCall call) {
    for (byte[] method : ALLOWED) {
      if (call.is(Part.METHOD, method)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the method is refused on every host. */
  static boolean isForbidden(HttpCall call) {
    return !call.has(Part.METHOD) || call.is(Part.METHOD, TRACE) || call.is(Part.METHOD, CONNECT);
  }

  /** Whether the agent's library shows JSON-RPC errors and not problem JSON (design.md §8). */
  static boolean isMcp(HttpCall call) {
    return call.header(PROTOCOL_VERSION) >= 0
        || (call.is(Part.METHOD, POST)
            && contains(call, CONTENT_TYPE, JSON)
            && contains(call, ACCEPT, JSON)
            && contains(call, ACCEPT, EVENT_STREAM));
  }

  /** Whether the answer will be a stream that should outlast a short token. */
  static boolean isStream(HttpCall call) {
    if (call.is(Part.METHOD, GET)) {
      return contains(call, ACCEPT, EVENT_STREAM);
    }
    return contains(call, MCP_METHOD, SUBSCRIPTIONS_LISTEN);
  }

  private static boolean contains(HttpCall call, byte[] header, byte[] word) {
    for (int i = call.header(header); i >= 0; i = call.header(header, i)) {
      int last = call.valueEnd(i) - word.length;
      for (int at = call.valueStart(i); at <= last; at++) {
        if (startsWith(call.bytes(), at, word)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean startsWith(byte[] bytes, int start, byte[] word) {
    for (int i = 0; i < word.length; i++) {
      int b = bytes[start + i];
      if (b >= 'A' && b <= 'Z') {
        b += 'a' - 'A';
      }
      if (b != word[i]) {
        return false;
      }
    }
    return true;
  }
}
