package dev.valetkey.admin;

import com.google.gson.stream.JsonWriter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.valetkey.admin.Readiness.IssuerState;
import dev.valetkey.subject.BackChannelLogout;
import dev.valetkey.telemetry.Metrics;
import java.io.IOException;
import java.io.StringWriter;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages {@code /metrics}, {@code /livez} and {@code /readyz}: no secret, no control, GET and
 * HEAD only; and {@code /backchannel-logout}, which takes what an issuer has signed, where the
 * configuration has it. The agent shares the pod's network and can reach them, and may try to keep
 * them busy: connections, the time for a request and the number of scrapes at once are bounded.
 */
public final class AdminHttp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminHttp.class);
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";
  private static final String LOGOUT = "/backchannel-logout";
  private static final Set<String> PATHS = Set.of("/metrics", "/livez", "/readyz");
  private static final int SCRAPES_AT_ONCE = 2;

  /** How often a port that is taken is tried. */
  private static final Duration RETRY = Duration.ofMillis(100);

  private final Metrics metrics;
  private final Readiness readiness;
  private final LogoutPage logout;
  private final HttpServer server;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Semaphore scrapes = new Semaphore(SCRAPES_AT_ONCE);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private record Page(int status, String contentType, String body) {}

  static {
    // The JDK's server takes its limits from system properties only; they count if set before its
    // first use. Seconds.
    limit("sun.net.httpserver.maxReqTime", 5);
    limit("sun.net.httpserver.maxRspTime", 10);
    limit("sun.net.httpserver.idleInterval", 10);
    limit("jdk.httpserver.maxConnections", 64);
  }

  private AdminHttp(Metrics metrics, Readiness readiness, Supplier<BackChannelLogout> logout)
      throws IOException {
    this.metrics = metrics;
    this.readiness = readiness;
    this.logout = new LogoutPage(logout);
    this.server = HttpServer.create();
    // Without one, the thread that accepts connections also reads them: a slow client would stop
    // all others.
    server.setExecutor(threads);
    // A context is a prefix; the exact paths are told apart in page().
    server.createContext("/", this::handle);
  }

  /**
   * Binds and starts to answer. When the port is taken, by the sidecar that this one follows most
   * likely, it is bound as soon as it is free.
   *
   * @param address {@code host:port}, {@code [ipv6]:port}; port 0 takes a free one
   * @param logout takes logout tokens under the configuration in force
   */
  public static AdminHttp start(
      String address, Metrics metrics, Readiness readiness, Supplier<BackChannelLogout> logout)
      throws IOException {
    InetSocketAddress wanted = socketAddress(address);
    AdminHttp http = new AdminHttp(metrics, readiness, logout);
    try {
      http.bind(wanted);
    } catch (BindException taken) {
      if (!isOurs(wanted)) {
        throw taken;
      }
      LOG.atWarn()
          .addKeyValue("address", address)
          .addKeyValue("cause", taken.getMessage())
          .log("admin address is taken; waiting for it");
      Thread.ofVirtual().name("admin-address").start(() -> http.bindWhenFree(wanted));
    }
    return http;
  }

  private void bind(InetSocketAddress address) throws IOException {
    server.bind(address, 0);
    server.start();
  }

  private void bindWhenFree(InetSocketAddress address) {
    try {
      while (!closed.await(RETRY.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          bind(address);
          LOG.atInfo().log("admin address bound");
          return;
        } catch (BindException stillTaken) {
          // The next round tries again.
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.atError().addKeyValue("cause", e.getMessage()).log("no admin address");
    }
  }

  /** Whether the host is one of this machine's, so that it is the port that is not to be had. */
  private static boolean isOurs(InetSocketAddress address) {
    try (ServerSocket probe = new ServerSocket(0, 1, address.getAddress())) {
      return probe.isBound();
    } catch (IOException foreign) {
      return false;
    }
  }

  /** The port that was bound; 0 while it is waited for. */
  public int port() {
    InetSocketAddress bound = server.getAddress();
    return bound == null ? 0 : bound.getPort();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean body = hasBody(exchange);
      Page page;
      try {
        page = page(exchange);
      } catch (RuntimeException bug) {
        LOG.atError().setCause(bug).log("admin page failed");
        page = new Page(500, TEXT, "internal error\n");
      }
      answer(exchange, page, body);
    }
  }

  private Page page(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getRawPath();
    if (LOGOUT.equals(path) && logout.isOn()) {
      return method.equals("POST") ? loggedOut(exchange) : notAllowed(exchange, "POST");
    }
    if (path == null || !PATHS.contains(path)) {
      return new Page(404, TEXT, "not found\n");
    }
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return notAllowed(exchange, "GET, HEAD");
    }
    return switch (path) {
      case "/metrics" -> metricsPage();
      case "/readyz" -> readyPage();
      default -> new Page(200, TEXT, "ok\n");
    };
  }

  private static Page notAllowed(HttpExchange exchange, String allowed) {
    exchange.getResponseHeaders().set("Allow", allowed);
    return new Page(405, TEXT, "method not allowed\n");
  }

  /** Back-Channel Logout §2.8. */
  private Page loggedOut(HttpExchange exchange) throws IOException {
    return switch (logout.receive(exchange)) {
      case ENDED -> new Page(200, TEXT, "");
      case INVALID -> new Page(400, JSON, "{\"error\":\"invalid_request\"}\n");
      case UNAVAILABLE -> new Page(503, JSON, "{\"error\":\"temporarily_unavailable\"}\n");
    };
  }

  private Page metricsPage() {
    if (!scrapes.tryAcquire()) {
      return new Page(503, TEXT, "busy\n");
    }
    try {
      return new Page(200, Metrics.CONTENT_TYPE, metrics.scrape());
    } finally {
      scrapes.release();
    }
  }

  private Page readyPage() throws IOException {
    boolean ready = readiness.ready();
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject().name("ready").value(ready).name("issuers").beginArray();
      for (IssuerState issuer : readiness.issuers()) {
        json.beginObject();
        json.name("name").value(issuer.name());
        json.name("state").value(issuer.state().name().toLowerCase(Locale.ROOT));
        if (issuer.detail() != null) {
          json.name("detail").value(issuer.detail());
        }
        json.endObject();
      }
      json.endArray().endObject();
    }
    return new Page(ready ? 200 : 503, JSON, text.append('\n').toString());
  }

  private static void answer(HttpExchange exchange, Page page, boolean requestHasBody)
      throws IOException {
    byte[] bytes = page.body().getBytes(StandardCharsets.UTF_8);
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", page.contentType());
    headers.set("Cache-Control", "no-store");
    if (requestHasBody) {
      // Nobody reads all of it, and its bytes must not be taken for the next request.
      headers.set("Connection", "close");
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", Integer.toString(bytes.length));
      exchange.sendResponseHeaders(page.status(), -1);
      return;
    }
    // The JDK's server takes 0 for "of unknown length".
    exchange.sendResponseHeaders(page.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static boolean hasBody(HttpExchange exchange) {
    String length = exchange.getRequestHeaders().getFirst("Content-Length");
    return exchange.getRequestHeaders().containsKey("Transfer-Encoding")
        || (length != null && !length.equals("0"));
  }

  private static InetSocketAddress socketAddress(String address) {
    int colon = address.lastIndexOf(':');
    String host = address.substring(0, Math.max(0, colon));
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    int port = Integer.parseInt(address.substring(colon + 1));
    return host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port);
  }

  private static void limit(String property, int value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Integer.toString(value));
    }
  }
}
