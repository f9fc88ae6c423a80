package dev.valetkey.oauth;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.token.Deadline;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP connections to one issuer: never more than {@code max_in_flight}, no redirects, no
 * proxy, no cookies, no compressed bodies, and a deadline that covers the last byte of the body.
 * Thread-safe; for virtual threads.
 *
 * <p>Where {@code connect_to} is set, {@code Host} keeps the public name. The JDK allows that
 * header only if the system property {@code jdk.httpclient.allowRestrictedHeaders} names it before
 * the client's classes are loaded: this class sees to it, and the launcher says it again for
 * programs that loaded them earlier. With an https {@code connect_to} the certificate must be that
 * address's own.
 */
final class IssuerConnections implements AutoCloseable {
  static {
    if (System.getProperty("jdk.httpclient.allowRestrictedHeaders") == null) {
      System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
    }
  }

  private final HttpClient client;
  private final Semaphore places;
  private final @Nullable URI connectTo;
  private final Optional<Origin> publicOrigin;

  IssuerConnections(IssuerConfig config) {
    this(config.maxInFlight(), config.tls(), config.connectTo(), Origin.of(config.issuer()));
  }

  /**
   * @param connectTo origin to dial for {@code publicOrigin}; null: itself
   */
  IssuerConnections(
      int maxInFlight, TlsConfig trust, @Nullable URI connectTo, Optional<Origin> publicOrigin) {
    this.places = new Semaphore(maxInFlight, true);
    this.connectTo = connectTo;
    this.publicOrigin = publicOrigin;
    SSLParameters tls = new SSLParameters();
    tls.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(HttpClient.Builder.NO_PROXY)
            .sslContext(CaFileTrust.context(trust.caFile(), ClientCertificate.of(trust)))
            .sslParameters(tls)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
  }

  /** Fetches a document of at most {@code maxBody} bytes. */
  Reply get(URI uri, int maxBody, Deadline deadline) {
    return send(request(uri).GET().build(), maxBody, deadline);
  }

  /** As {@link #get(URI, int, Deadline)}, with these headers. */
  Reply get(URI uri, Map<String, String> headers, int maxBody, Deadline deadline) {
    HttpRequest.Builder request = request(uri).GET();
    headers.forEach(request::header);
    return send(request.build(), maxBody, deadline);
  }

  /** Posts a form with these headers. */
  Reply post(URI uri, Map<String, String> headers, String form, int maxBody, Deadline deadline) {
    HttpRequest.Builder request =
        request(uri)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(form));
    headers.forEach(request::header);
    return send(request.build(), maxBody, deadline);
  }

  /** Lets running requests end and refuses new ones. */
  @Override
  public void close() {
    client.shutdown();
  }

  private HttpRequest.Builder request(URI uri) {
    HttpRequest.Builder request = HttpRequest.newBuilder();
    if (connectTo != null && publicOrigin.isPresent() && publicOrigin.equals(Origin.of(uri))) {
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      request
          .uri(
              URI.create(
                  connectTo.getScheme()
                      + "://"
                      + connectTo.getRawAuthority()
                      + uri.getRawPath()
                      + query))
          .header("Host", uri.getRawAuthority());
    } else {
      request.uri(uri);
    }
    return request
        .header("Accept", "application/json")
        .header("Accept-Encoding", "identity")
        .header("User-Agent", "valetkey");
  }

  private Reply send(HttpRequest request, int maxBody, Deadline deadline) {
    try {
      // Whoever got a place with no time left would time out there, and the issuer would be blamed.
      long patience = deadline.remaining().toNanos() / 2;
      if (!places.tryAcquire(patience, TimeUnit.NANOSECONDS)) {
        return new Reply.Failed(Reply.Failure.BUSY);
      }
      try {
        return exchange(request, maxBody, deadline);
      } finally {
        places.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Failed(Reply.Failure.TIMEOUT);
    }
  }

  private Reply exchange(HttpRequest request, int maxBody, Deadline deadline)
      throws InterruptedException {
    if (deadline.passed()) {
      return new Reply.Failed(Reply.Failure.TIMEOUT);
    }
    CompletableFuture<HttpResponse<Optional<byte[]>>> pending =
        client.sendAsync(request, head -> new CappedBody(encoded(head) ? 0 : maxBody));
    try {
      HttpResponse<Optional<byte[]>> response =
          pending.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
      HttpHeaders headers = response.headers();
      return response
          .body()
          .<Reply>map(body ->
              new Reply.Answered(
                  response.statusCode(),
                  headers.firstValue("Retry-After").orElse(null),
                  headers.firstValue("DPoP-Nonce").orElse(null),
                  StrictJson.object(body)))
          .orElseGet(() -> new Reply.Unusable(response.statusCode()));
    } catch (TimeoutException e) {
      return new Reply.Failed(Reply.Failure.TIMEOUT);
    } catch (ExecutionException e) {
      return new Reply.Failed(failure(e.getCause()));
    } finally {
      // Ends the exchange and its connection when we leave early; does nothing when it is complete.
      pending.cancel(true);
    }
  }

  private static boolean encoded(HttpResponse.ResponseInfo head) {
    return head.headers().allValues("Content-Encoding").stream()
        .anyMatch(coding -> !coding.equalsIgnoreCase("identity"));
  }

  private static Reply.Failure failure(@Nullable Throwable cause) {
    return switch (cause) {
      case SSLException tls -> Reply.Failure.TLS;
      case IOException broken -> Reply.Failure.CONNECTION;
      case null, default -> throw new IllegalStateException("a bug in an issuer call", cause);
    };
  }
}
