package dev.valetkey.mcp;

import dev.valetkey.mcp.Attempt.Outcome;
import dev.valetkey.testkit.Json;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An agent that uses the Java SDK; Envoy is its HTTP proxy, so that it can name the server. */
final class JavaAgent {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final int port;

  JavaAgent(int port) {
    this.port = port;
  }

  Outcome run(Attempt attempt) {
    CountDownLatch pushed = new CountDownLatch(1);
    try (McpSyncClient client =
        McpClient.sync(transport(attempt))
            .requestTimeout(PATIENCE)
            .initializationTimeout(PATIENCE)
            .toolsChangeConsumer(tools -> pushed.countDown())
            .build()) {
      client.initialize();
      List<String> tools = client.listTools().tools().stream().map(McpSchema.Tool::name).toList();
      McpSchema.CallToolResult answer =
          client.callTool(McpSchema.CallToolRequest.builder("whoami").arguments(Map.of()).build());
      String text = ((McpSchema.TextContent) answer.content().getFirst()).text();
      boolean heard = pushed.await(10, TimeUnit.SECONDS);
      return new Outcome(tools, Json.object(text), heard, null, List.of());
    } catch (RuntimeException failed) {
      return new Outcome(List.of(), Map.of(), false, shown(failed), List.of());
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", stop);
    }
  }

  private HttpClientStreamableHttpTransport transport(Attempt attempt) {
    URI url = URI.create(attempt.url());
    return HttpClientStreamableHttpTransport.builder("http://" + url.getHost())
        .endpoint(url.getPath())
        .customizeClient(http ->
            http.proxy(ProxySelector.of(new InetSocketAddress("127.0.0.1", port)))
                .version(HttpClient.Version.HTTP_1_1))
        .addHttpRequestCustomizer((request, method, uri, body, context) -> {
          if (attempt.token() != null) {
            request.setHeader("Authorization", "Bearer " + attempt.token());
          }
          if (attempt.accept() != null && method.equals("POST")) {
            request.setHeader("Accept", attempt.accept() + ", application/json");
          }
        })
        .build();
  }

  /** The messages of the exception and of what caused it. */
  private static String shown(Throwable failed) {
    StringBuilder text = new StringBuilder();
    for (Throwable at = failed; at != null; at = at.getCause()) {
      text.append(at).append('\n');
    }
    return text.toString();
  }
}
