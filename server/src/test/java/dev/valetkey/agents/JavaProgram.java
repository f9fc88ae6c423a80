package dev.valetkey.agents;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.valetkey.testkit.Json;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * An agent as anybody would write it: the JDK's HTTP server and client, and the official MCP SDK.
 * It knows nothing of tokens or of valetkey. {@code POST /ask/WAY?server=URL&question=TEXT} has the
 * MCP server's tool called in that way, and answers with what came of it. Every request to the
 * agent goes to standard output, a JSON object each. Argument: the port.
 */
final class JavaProgram {
  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService pool = Executors.newFixedThreadPool(8);
  private final ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor();
  private final Worker early = new Worker();
  private final Worker late = new Worker();
  private final AtomicBoolean lateRuns = new AtomicBoolean();

  private record Question(String server, String text) {
    HttpRequest request(String... headers) {
      Map<String, Object> params = Map.of("name", "whoami", "arguments", Map.of("text", text));
      Map<String, Object> call =
          Map.of("jsonrpc", "2.0", "id", 1, "method", "tools/call", "params", params);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(server))
              .version(HttpClient.Version.HTTP_1_1)
              .header("Content-Type", "application/json")
              .header("Accept", "application/json, text/event-stream");
      return (headers.length == 0 ? request : request.headers(headers))
          .POST(BodyPublishers.ofString(Json.text(call)))
          .build();
    }
  }

  private record Said(int status, String text) {
    static Said of(HttpResponse<String> answer) {
      return new Said(answer.statusCode(), answer.body());
    }
  }

  /** Takes jobs from a queue, one after another. */
  private final class Worker implements Runnable {
    private record Job(Question question, CompletableFuture<Said> answer) {}

    private final BlockingQueue<Job> jobs = new LinkedBlockingQueue<>();

    Said ask(Question question) {
      CompletableFuture<Said> answer = new CompletableFuture<>();
      jobs.add(new Job(question, answer));
      return answer.join();
    }

    @Override
    public void run() {
      try {
        while (true) {
          Job job = jobs.take();
          job.answer().complete(send(job.question()));
        }
      } catch (Exception stop) {
        System.err.println(stop);
      }
    }
  }

  public static void main(String[] arguments) throws IOException {
    new JavaProgram().serve(Integer.parseInt(arguments[0]));
  }

  private void serve(int port) throws IOException {
    start(early);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/healthz", asked -> answer(asked, 200, "well"));
    server.createContext("/ask/", this::ask);
    server.start();
  }

  private void ask(HttpExchange asked) throws IOException {
    String way = asked.getRequestURI().getPath().substring("/ask/".length());
    Map<String, String> query =
        Arrays.stream(asked.getRequestURI().getRawQuery().split("&"))
            .map(member -> member.split("=", 2))
            .collect(Collectors.toMap(m -> m[0], m -> URLDecoder.decode(m[1], UTF_8)));
    Question question = new Question(query.get("server"), query.get("question"));
    try {
      Said said = by(way, question, asked.getRequestHeaders().getFirst("Authorization"));
      answer(asked, 200, Json.text(Map.of("status", said.status(), "text", said.text())));
    } catch (Exception failed) {
      answer(asked, 500, failed.toString());
    }
  }

  private Said by(String way, Question question, String authorization) throws Exception {
    return switch (way) {
      case "send" -> send(question);
      case "send_async" -> sendAsync(question).join();
      case "pool" -> pool.submit(() -> send(question)).get();
      case "virtual_thread" -> virtual.submit(() -> send(question)).get();
      case "completable_future" -> later(question, pool).join();
      case "mcp" -> mcp(question);
      case "worker" -> early.ask(question);
      case "late_worker" -> {
        if (lateRuns.compareAndSet(false, true)) {
          start(late);
        }
        yield late.ask(question);
      }
      case "forward" -> send(question, "Authorization", authorization);
      default -> throw new IllegalArgumentException(way);
    };
  }

  private Said send(Question question, String... headers) throws Exception {
    return Said.of(http.send(question.request(headers), BodyHandlers.ofString()));
  }

  private CompletableFuture<Said> sendAsync(Question question) {
    return http.sendAsync(question.request(), BodyHandlers.ofString()).thenApply(Said::of);
  }

  private CompletableFuture<Said> later(Question question, Executor executor) {
    return CompletableFuture.supplyAsync(() -> question, executor)
        .thenComposeAsync(this::sendAsync);
  }

  private static Said mcp(Question question) {
    URI url = URI.create(question.server());
    HttpClientStreamableHttpTransport transport =
        HttpClientStreamableHttpTransport.builder(
                url.resolve("/").toString().replaceFirst("/$", ""))
            .endpoint(url.getPath())
            .build();
    try (McpSyncClient client = McpClient.sync(transport).build()) {
      client.initialize();
      McpSchema.CallToolResult answer =
          client.callTool(
              McpSchema.CallToolRequest.builder("whoami")
                  .arguments(Map.of("text", question.text()))
                  .build());
      return new Said(200, ((McpSchema.TextContent) answer.content().getFirst()).text());
    } catch (RuntimeException failed) {
      Throwable cause = failed;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      return new Said(0, cause.toString());
    }
  }

  private static void start(Runnable worker) {
    Thread.ofPlatform().daemon().start(worker);
  }

  private static void answer(HttpExchange asked, int status, String text) throws IOException {
    Map<String, List<String>> headers = new HashMap<>();
    asked.getRequestHeaders().forEach((name, values) -> headers.put(name.toLowerCase(), values));
    String path = asked.getRequestURI().getPath();
    System.out.println(Json.text(Map.of("path", path, "headers", headers)));
    byte[] body = text.getBytes(UTF_8);
    asked.getResponseHeaders().set("Content-Type", "application/json");
    asked.sendResponseHeaders(status, body.length);
    try (var out = asked.getResponseBody()) {
      out.write(body);
    }
  }
}
