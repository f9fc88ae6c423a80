package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The agent: HTTP to Envoy, byte for byte. It remembers every answer. Threads: all. */
final class Agent {
  /** Asks a server who calls. */
  static final String WHOAMI =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"}}";

  private final int port;
  private final ConcurrentLinkedQueue<String> answers = new ConcurrentLinkedQueue<>();

  Agent(int port) {
    this.port = port;
  }

  int port() {
    return port;
  }

  /** Calls a server's tool with a user token; null: without. */
  Http.Response call(String server, @Nullable String token, String... headers) {
    return post(Pod.host(server), "/mcp", token, WHOAMI, headers);
  }

  /** POSTs a body; further headers alternate names and values. */
  Http.Response post(
      String host, String path, @Nullable String token, String body, String... headers) {
    StringBuilder lines = new StringBuilder();
    if (token != null) {
      lines.append("Authorization: Bearer ").append(token).append("\r\n");
    }
    for (int i = 0; i < headers.length; i += 2) {
      lines.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
    }
    return raw(request("POST", path, host, lines.toString(), body));
  }

  /** The bytes of a request; {@code lines} are whole header lines. */
  static String request(String method, String target, String host, String lines, String body) {
    return method
        + " "
        + target
        + " HTTP/1.1\r\nHost: "
        + host
        + "\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + lines
        + "\r\n"
        + body;
  }

  /** Sends these characters as bytes. Status 0: Envoy closed the connection without an answer. */
  Http.Response raw(String request) {
    return raw(request.getBytes(ISO_8859_1));
  }

  Http.Response raw(byte[] request) {
    Http.Response answer;
    try {
      answer = Http.send("127.0.0.1", port, request);
    } catch (UncheckedIOException closed) {
      answer = new Http.Response(0, List.of(), new byte[0]);
    }
    answers.add(answer.wireText());
    return answer;
  }

  /** Makes calls at the same time and gives their answers in order. */
  static List<Http.Response> atOnce(int times, IntFunction<Http.Response> call) {
    List<CompletableFuture<Http.Response>> running = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      int number = i;
      running.add(inBackground(() -> call.apply(number)));
    }
    return running.stream().map(CompletableFuture::join).toList();
  }

  /** Runs this on a thread of its own. */
  static <T> CompletableFuture<T> inBackground(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, task -> Thread.ofVirtual().start(task));
  }

  /** The reason code of a refusal; empty when there is none. */
  static String code(Http.Response answer) {
    try {
      Map<String, Object> body = answer.json();
      Map<String, Object> problem =
          body.containsKey("error") ? Json.object(Json.object(body, "error"), "data") : body;
      String code = Json.text(problem, "code");
      return code == null ? "" : code;
    } catch (RuntimeException notJson) {
      return "";
    }
  }

  /** Everything it was answered. */
  String answers() {
    return String.join("\n", answers);
  }
}
