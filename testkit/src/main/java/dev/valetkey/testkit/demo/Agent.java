package dev.valetkey.testkit.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The agent: it speaks plain HTTP to Envoy and names the MCP server in Host. Threads: all. */
final class Agent {
  /** An MCP call of the tool that says what the server knows of its caller. */
  static final String WHOAMI =
      Json.text(
          Map.of(
              "jsonrpc",
              "2.0",
              "id",
              1,
              "method",
              "tools/call",
              "params",
              Map.of("name", "whoami")));

  static final List<String> MCP_HEADERS =
      List.of(
          "Content-Type",
          "application/json",
          "Accept",
          "application/json, text/event-stream",
          "MCP-Protocol-Version",
          "2025-11-25");

  private final URI envoy;

  /** An agent whose way out is Envoy's listener on this port. */
  Agent(int port) {
    this.envoy = URI.create("http://127.0.0.1:" + port + "/mcp");
  }

  /**
   * What the agent got.
   *
   * @param caller the subject that the server saw; null when no server answered or it saw none
   * @param reason code of a refusal by valetkey; null when it did not refuse
   * @param message what the agent's user reads where it is not 200; empty where it is
   */
  record Answer(
      int status,
      @Nullable String caller,
      @Nullable String reason,
      String message,
      @Nullable String challenge,
      Duration took) {}

  /** Calls {@code whoami} of the server on this host; null: without a token. */
  Answer call(String host, @Nullable String userToken) {
    List<String> headers = new ArrayList<>(List.of("Host", host));
    if (userToken != null) {
      headers.addAll(List.of("Authorization", "Bearer " + userToken));
    }
    headers.addAll(MCP_HEADERS);
    long start = System.nanoTime();
    Http.Response response =
        Http.request("POST", envoy, null, WHOAMI.getBytes(UTF_8), headers.toArray(String[]::new));
    return read(response, Duration.ofNanos(System.nanoTime() - start));
  }

  private static Answer read(Http.Response response, Duration took) {
    Map<String, Object> body =
        response.text().startsWith("{") ? response.json() : Map.<String, Object>of();
    Map<String, Object> error = Json.object(body, "error");
    String message = Json.text(error, "message");
    String text = response.status() == 200 ? "" : response.text().strip();
    return new Answer(
        response.status(),
        caller(Json.object(body, "result")),
        Json.text(Json.object(error, "data"), "code"),
        message == null ? text : message,
        response.header("www-authenticate"),
        took);
  }

  /** The tool answers with a JSON object as the text of its only content. */
  private static @Nullable String caller(Map<String, Object> result) {
    if (result.get("content") instanceof List<?> content
        && !content.isEmpty()
        && content.getFirst() instanceof Map<?, ?> first
        && first.get("text") instanceof String text) {
      return Json.text(Json.object(text), "sub");
    }
    return null;
  }
}
