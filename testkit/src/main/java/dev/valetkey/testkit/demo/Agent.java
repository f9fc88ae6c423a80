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

  /**
   * What an answer says against the call: as JSON-RPC of an MCP call, as a problem (RFC 9457) of
   * any other.
   *
   * @param reason code of a refusal by valetkey; null when it is another's
   * @param message for people; the whole body when it is neither
   */
  record Refusal(@Nullable String reason, String message) {
    static Refusal in(String body) {
      Map<String, Object> problem = json(body);
      Map<String, Object> error = Json.object(problem, "error");
      boolean rpc = !error.isEmpty();
      String message = rpc ? Json.text(error, "message") : Json.text(problem, "detail");
      return new Refusal(
          Json.text(rpc ? Json.object(error, "data") : problem, "code"),
          message == null ? body.strip() : message);
    }
  }

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
    Refusal refusal = Refusal.in(response.text());
    return new Answer(
        response.status(),
        caller(response.text()),
        refusal.reason(),
        response.status() == 200 ? "" : refusal.message(),
        response.header("www-authenticate"),
        took);
  }

  /**
   * The subject that the server saw; null when it did not answer or saw none. The tool answers with
   * a JSON object as the text of its only content.
   */
  static @Nullable String caller(String body) {
    if (Json.object(json(body), "result").get("content") instanceof List<?> content
        && !content.isEmpty()
        && content.getFirst() instanceof Map<?, ?> first
        && first.get("text") instanceof String text) {
      return Json.text(Json.object(text), "sub");
    }
    return null;
  }

  private static Map<String, Object> json(String body) {
    return body.startsWith("{") ? Json.object(body) : Map.of();
  }
}
