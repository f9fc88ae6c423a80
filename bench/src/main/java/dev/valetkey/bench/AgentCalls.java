package dev.valetkey.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** An agent's calls of one MCP tool over HTTP/1.1, each connection one call at a time. */
final class AgentCalls {
  static final int CONNECTIONS = 8;

  private static final String BODY =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"search\",\"arguments\":{\"q\":\"x\"}}}";

  private final int port;
  private final byte[] request;

  AgentCalls(int port, String userToken) {
    this.port = port;
    this.request =
        """
        POST /mcp HTTP/1.1\r
        host: mcp.test\r
        authorization: Bearer %s\r
        accept: application/json, text/event-stream\r
        content-type: application/json\r
        mcp-protocol-version: 2025-11-25\r
        user-agent: bench\r
        content-length: %d\r
        \r
        %s\
        """
            .formatted(userToken, BODY.length(), BODY)
            .getBytes(ISO_8859_1);
  }

  /** How long each of a window's calls took, sorted, and the window as a whole; nanoseconds. */
  record Times(long[] sorted, long all) {
    double perSecond() {
      return sorted.length * 1e9 / all;
    }

    double micros(double quantile) {
      return sorted[(int) Math.ceil(quantile * sorted.length) - 1] / 1e3;
    }
  }

  /** Makes this many calls over fresh connections; fails unless each is answered with 200. */
  Times run(int count) {
    long[] times = new long[count];
    int each = count / CONNECTIONS;
    long begin = System.nanoTime();
    try (ExecutorService connections = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        int from = i * each;
        running.add(connections.submit(() -> connection(times, from, each)));
      }
      for (Future<?> connection : running) {
        connection.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    long all = System.nanoTime() - begin;
    Arrays.sort(times);
    return new Times(times, all);
  }

  private void connection(long[] times, int from, int count) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      for (int i = from; i < from + count; i++) {
        long begin = System.nanoTime();
        socket.getOutputStream().write(request);
        answer(in);
        times[i] = System.nanoTime() - begin;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(InputStream in) throws IOException {
    String status = line(in);
    int length = 0;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.startsWith("content-length: ")) {
        length = Integer.parseInt(header.substring("content-length: ".length()));
      }
    }
    String body = new String(in.readNBytes(length), ISO_8859_1);
    if (!status.startsWith("HTTP/1.1 200")) {
      throw new IOException(status + " " + body);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("the connection ended");
      }
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }
}
