package dev.valetkey.mcp.conformance;

import dev.valetkey.mcp.conformance.Streaming.Era;
import dev.valetkey.mcp.conformance.Streaming.Outcome;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.customizer.McpSyncHttpClientRequestCustomizer;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An agent that uses the Java SDK and its streams. */
final class JavaStreams {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private JavaStreams() {}

  static Outcome run(Streaming attempt) {
    List<Integer> progress = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch heard = new CountDownLatch(1);
    try (McpSyncClient client =
        McpClient.sync(transport(attempt))
            .requestTimeout(PATIENCE)
            .initializationTimeout(PATIENCE)
            .progressConsumer(now -> progress.add(now.progress().intValue()))
            .toolsChangeConsumer(tools -> heard.countDown())
            .build()) {
      client.initialize();
      client.callTool(call("test_tool_with_progress").progressToken("p").build());
      TimeUnit.SECONDS.sleep(attempt.seconds()); // the token of the stream expires
      client.callTool(call("test_trigger_tool_change").build());
      boolean notified = heard.await(10, TimeUnit.SECONDS);
      return new Outcome(List.copyOf(progress), notified, null);
    } catch (RuntimeException failed) {
      StringBuilder causes = new StringBuilder();
      for (Throwable at = failed; at != null; at = at.getCause()) {
        causes.append(at).append('\n');
      }
      return new Outcome(List.of(), false, causes.toString());
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", stop);
    }
  }

  private static CallToolRequest.Builder call(String tool) {
    return CallToolRequest.builder(tool).arguments(Map.of());
  }

  @SuppressWarnings("deprecation") // the oldest revision is what we want
  private static McpClientTransport transport(Streaming attempt) {
    URI url = URI.create(attempt.url());
    String origin = url.resolve("/").toString().replaceFirst("/$", "");
    McpSyncHttpClientRequestCustomizer bearer =
        (request, method, uri, body, context) ->
            request.setHeader("Authorization", "Bearer " + attempt.token());
    return attempt.era() == Era.OLDEST
        ? HttpClientSseClientTransport.builder(origin)
            .sseEndpoint(url.getPath())
            .addHttpRequestCustomizer(bearer)
            .build()
        : HttpClientStreamableHttpTransport.builder(origin)
            .endpoint(url.getPath())
            .addHttpRequestCustomizer(bearer)
            .build();
  }
}
