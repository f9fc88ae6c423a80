package dev.valetkey.mcp.conformance;

import dev.valetkey.testkit.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an agent is to try with streams: open one for notifications, call a tool that tells of its
 * progress, wait, and make the server notify whoever listens.
 *
 * @param name of the attempt and of its user
 * @param seconds to wait: longer than the life of the token with which the stream was opened
 */
record Streaming(String name, String url, String token, Era era, int seconds) {

  /** How the protocol streams. */
  enum Era {
    /** 2024-11-05: all answers come on one stream. */
    OLDEST("/mcp/sse", "GET"),
    /** Up to 2025-11-25: a session, and a stream beside the calls. */
    STATEFUL("/mcp", "GET"),
    /** 2026-07-28: no session; {@code subscriptions/listen} is a call that does not end. */
    NEWEST("/mcp", "POST");

    private final String path;
    private final String opener;

    Era(String path, String opener) {
      this.path = path;
      this.opener = opener;
    }

    String path() {
      return path;
    }

    /** The method of the request whose answer is the stream. */
    String opener() {
      return opener;
    }
  }

  Map<String, Object> members() {
    return Map.of(
        "name",
        name,
        "url",
        url,
        "token",
        token,
        "era",
        era.name().toLowerCase(),
        "seconds",
        seconds);
  }

  /**
   * What came of it.
   *
   * @param progress what the tool told, in order
   * @param heard whether the notification arrived
   * @param error null when it went well
   */
  record Outcome(List<Integer> progress, boolean heard, @Nullable String error) {
    static Outcome of(Map<String, Object> line) {
      List<Integer> progress =
          line.get("progress") instanceof List<?> list
              ? list.stream().map(value -> ((Number) value).intValue()).toList()
              : List.of();
      return new Outcome(
          progress, Boolean.TRUE.equals(line.get("heard")), Json.text(line, "error"));
    }
  }
}
