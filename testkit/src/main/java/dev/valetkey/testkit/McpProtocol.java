package dev.valetkey.testkit;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * MCP over Streamable HTTP, just enough for real clients: initialize and sessions up to 2025-11-25,
 * {@code server/discover} and no session from 2026-07-28 on. Threads: all.
 */
final class McpProtocol {
  private static final String STATELESS = "2026-07-28";
  private static final List<String> WITH_SESSION =
      List.of("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25");

  private final String name;
  private final Set<BlockingQueue<String>> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  McpProtocol(String name) {
    this.name = name;
  }

  Reply answer(SeenRequest request) {
    return switch (request.method()) {
      case "POST" -> post(request);
      case "GET" -> accepts(request, "text/event-stream") ? listen() : Reply.empty(405);
      case "DELETE" -> Reply.empty(204);
      default -> Reply.empty(405);
    };
  }

  void push(String method) {
    String message = Json.text(Map.of("jsonrpc", "2.0", "method", method));
    streams.forEach(stream -> stream.add(message));
  }

  void close() {
    closed = true;
  }

  private Reply post(SeenRequest request) {
    Map<String, Object> call;
    try {
      call = Json.object(request.bodyText());
    } catch (RuntimeException notJson) {
      return Reply.json(400, error(null, -32700, "not JSON"));
    }
    Object id = call.get("id");
    if (id == null) {
      return Reply.empty(202);
    }
    Map<String, Object> result = result(String.valueOf(call.get("method")), call, request);
    if (result == null) {
      return Reply.json(error(id, -32601, "no such method"));
    }
    if (STATELESS.equals(request.header("mcp-protocol-version"))) {
      result.put("resultType", "complete");
    }
    Map<String, Object> message = message(id);
    message.put("result", result);
    Reply.Full reply =
        prefersStream(request)
            ? Reply.full(
                200, "text/event-stream", "event: message\ndata: " + Json.text(message) + "\n\n")
            : Reply.json(message);
    return "initialize".equals(call.get("method"))
        ? reply.and("Mcp-Session-Id", UUID.randomUUID().toString())
        : reply;
  }

  private @Nullable Map<String, Object> result(
      String method, Map<String, Object> call, SeenRequest request) {
    Map<String, Object> params = Json.object(call, "params");
    return switch (method) {
      case "initialize" -> {
        Map<String, Object> result = self();
        String asked = Json.text(params, "protocolVersion");
        result.put(
            "protocolVersion",
            asked != null && WITH_SESSION.contains(asked) ? asked : WITH_SESSION.getLast());
        yield result;
      }
      case "server/discover" -> {
        Map<String, Object> result = self();
        result.put("supportedVersions", List.of(STATELESS));
        result.put("ttlMs", 0);
        result.put("cacheScope", "private");
        yield result;
      }
      case "ping" -> new LinkedHashMap<>();
      case "tools/list" -> {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("tools", List.of(tool("whoami"), tool("echo")));
        result.put("ttlMs", 0);
        result.put("cacheScope", "private");
        yield result;
      }
      case "tools/call" -> tool(params, request);
      default -> null;
    };
  }

  private @Nullable Map<String, Object> tool(Map<String, Object> params, SeenRequest request) {
    String text =
        switch (String.valueOf(params.get("name"))) {
          case "whoami" -> Json.text(whoami(request));
          case "echo" -> String.valueOf(Json.object(params, "arguments").get("text"));
          default -> null;
        };
    if (text == null) {
      return null;
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("content", List.of(Map.of("type", "text", "text", text)));
    result.put("isError", false);
    return result;
  }

  /** What the token says about the caller; never the token. */
  private Map<String, Object> whoami(SeenRequest request) {
    String token = request.bearer();
    Jwt jwt = token == null ? null : Jwt.read(token);
    Map<String, Object> caller = new LinkedHashMap<>();
    caller.put("server", name);
    for (String claim : List.of("iss", "aud", "sub", "scope", "act")) {
      Object value = jwt == null ? null : jwt.claims().get(claim);
      if (value != null) {
        caller.put(claim, value);
      }
    }
    return caller;
  }

  /** Keeps the stream open with comments until either side closes. */
  private Reply listen() {
    return new Reply.Stream(
        200,
        Header.of("Content-Type", "text/event-stream", "Cache-Control", "no-store"),
        connection -> {
          BlockingQueue<String> messages = new LinkedBlockingQueue<>();
          streams.add(messages);
          try {
            connection.chunk(": open\n\n");
            while (!closed && connection.pause(Duration.ofMillis(10))) {
              String message = messages.poll();
              if (message != null) {
                connection.chunk("event: message\ndata: " + message + "\n\n");
              }
            }
          } finally {
            streams.remove(messages);
          }
        });
  }

  private Map<String, Object> self() {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("capabilities", Map.of("tools", Map.of()));
    result.put("serverInfo", Map.of("name", name, "version", "1"));
    return result;
  }

  private static Map<String, Object> tool(String name) {
    Map<String, Object> text = Map.of("text", Map.of("type", "string"));
    return Map.of("name", name, "inputSchema", Map.of("type", "object", "properties", text));
  }

  private static Map<String, Object> message(@Nullable Object id) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("jsonrpc", "2.0");
    message.put("id", id);
    return message;
  }

  private static Map<String, Object> error(@Nullable Object id, int code, String text) {
    Map<String, Object> message = message(id);
    message.put("error", Map.of("code", code, "message", text));
    return message;
  }

  /** Event streams only for those who take nothing else, or name them first. */
  private static boolean prefersStream(SeenRequest request) {
    String accept = String.valueOf(request.header("accept"));
    int stream = accept.indexOf("text/event-stream");
    int json = accept.indexOf("application/json");
    return stream >= 0 && (json < 0 || stream < json);
  }

  private static boolean accepts(SeenRequest request, String type) {
    return String.valueOf(request.header("accept")).contains(type);
  }
}
