package dev.valetkey.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.valetkey.config.FileWatcher;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /mutate} for the API server and {@code GET /healthz} for the kubelet, over TLS. It
 * knows nothing that is secret, so whoever asks is answered; but everybody in the cluster can ask,
 * and so connections, the time for a request, its size and the number of reviews at once are
 * bounded.
 */
public final class WebhookServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WebhookServer.class);

  /** A pod is at most 1.5 MiB in etcd; a review may hold it twice. */
  private static final int MAX_BODY = 3 << 20;

  /** A review may take ten times its size while it is worked on. */
  private static final int REVIEWS_AT_ONCE = 2;

  /** How long a review waits for its turn; the API server itself waits ten seconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  private final Reviews reviews;
  private final HttpsServer server;
  private final FileWatcher watcher;
  private final Semaphore atWork = new Semaphore(REVIEWS_AT_ONCE);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * What the server is told.
   *
   * @param listen where it listens; port 0 takes a free one
   * @param certFile PEM: our certificate, then its intermediates
   * @param keyFile PEM
   * @param look how often the two files are looked at
   */
  public record Settings(
      InetSocketAddress listen, Path certFile, Path keyFile, Duration look, PodImages images) {}

  @SuppressWarnings("ArrayRecordComponent") // written once, never compared
  private record Answer(int status, String contentType, byte[] body) {
    static Answer text(int status, String text) {
      return new Answer(status, TEXT, (text + "\n").getBytes(UTF_8));
    }
  }

  static {
    // The JDK's server takes its limits from system properties only; they count if set before its
    // first use. Seconds.
    limit("sun.net.httpserver.maxReqTime", 5);
    limit("sun.net.httpserver.maxRspTime", 10);
    limit("sun.net.httpserver.idleInterval", 30);
    limit("jdk.httpserver.maxConnections", 32);
  }

  private WebhookServer(Settings settings) throws IOException {
    this.reviews = new Reviews(settings.images());
    ServingCertificate certificate =
        new ServingCertificate(settings.certFile(), settings.keyFile());
    this.watcher = new FileWatcher(settings.look(), changed -> certificate.reload());
    // The watcher knows the files before they are read, so that no change is missed.
    watcher.watch(Set.of(settings.certFile(), settings.keyFile()));
    certificate.load();
    this.server = HttpsServer.create();
    server.setHttpsConfigurator(new HttpsConfigurator(certificate.context()));
    server.setExecutor(threads);
    // A context is a prefix; the exact paths are told apart below.
    server.createContext("/", this::handle);
  }

  /**
   * Binds and starts to answer.
   *
   * @throws IOException when the address cannot be bound or the certificate is not in order
   */
  public static WebhookServer start(Settings settings) throws IOException {
    WebhookServer webhook = new WebhookServer(settings);
    try {
      webhook.server.bind(settings.listen(), 0);
    } catch (IOException e) {
      webhook.threads.shutdownNow();
      throw e;
    }
    webhook.server.start();
    webhook.watcher.start();
    LOG.atInfo().addKeyValue("port", webhook.port()).log("webhook serving");
    return webhook;
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** Reviews under way have two seconds to end. */
  @Override
  public void close() {
    watcher.close();
    server.stop(2);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        answer = answer(exchange);
      } catch (RuntimeException bug) {
        LOG.atError().setCause(bug).log("review failed");
        answer = Answer.text(500, "internal error");
      } catch (InterruptedException stopping) {
        Thread.currentThread().interrupt();
        answer = Answer.text(503, "stopping");
      }
      send(exchange, answer);
    }
  }

  private Answer answer(HttpExchange exchange) throws IOException, InterruptedException {
    String method = exchange.getRequestMethod();
    return switch (exchange.getRequestURI().getPath()) {
      case "/healthz" ->
          method.equals("GET") ? Answer.text(200, "ok") : Answer.text(405, "GET only");
      case "/mutate" -> method.equals("POST") ? review(exchange) : Answer.text(405, "POST only");
      case null, default -> Answer.text(404, "not found");
    };
  }

  private Answer review(HttpExchange exchange) throws IOException, InterruptedException {
    if (!isJson(exchange.getRequestHeaders().getFirst("Content-Type"))) {
      return Answer.text(415, "application/json only");
    }
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    if (body.length > MAX_BODY) {
      return Answer.text(413, "too large");
    }
    if (!atWork.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      return Answer.text(503, "busy");
    }
    try {
      Optional<byte[]> answer = reviews.answer(body);
      return answer.isPresent()
          ? new Answer(200, JSON, answer.get())
          : Answer.text(400, "no AdmissionReview of admission.k8s.io/v1");
    } finally {
      atWork.release();
    }
  }

  private static boolean isJson(@Nullable String contentType) {
    return contentType != null
        && contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals(JSON);
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", answer.contentType());
    if (answer.status() != 200) {
      // What was not read must not be taken for the next request.
      exchange.getResponseHeaders().set("Connection", "close");
    }
    exchange.sendResponseHeaders(answer.status(), answer.body().length);
    exchange.getResponseBody().write(answer.body());
  }

  private static void limit(String property, int value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Integer.toString(value));
    }
  }
}
