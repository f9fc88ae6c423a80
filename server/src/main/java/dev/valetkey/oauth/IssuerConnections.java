package dev.valetkey.oauth;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.token.Deadline;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP connections to one issuer: never more than {@code max_in_flight}. Thread-safe; for
 * virtual threads.
 *
 * <p>Where {@code connect_to} is set, {@code Host} keeps the public name. With an https {@code
 * connect_to} the certificate must be that address's own.
 */
final class IssuerConnections implements AutoCloseable {
  private final JsonHttp http;
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
    this.http =
        new JsonHttp(CaFileTrust.context(trust.caFile(), ClientCertificate.of(trust)), List.of());
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
    http.close();
  }

  private HttpRequest.Builder request(URI uri) {
    if (connectTo == null || publicOrigin.isEmpty() || !publicOrigin.equals(Origin.of(uri))) {
      return JsonHttp.request(uri, null);
    }
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    String origin = connectTo.getScheme() + "://" + connectTo.getRawAuthority();
    return JsonHttp.request(URI.create(origin + uri.getRawPath() + query), uri.getRawAuthority());
  }

  private Reply send(HttpRequest request, int maxBody, Deadline deadline) {
    try {
      // Whoever got a place with no time left would time out there, and the issuer would be blamed.
      long patience = deadline.remaining().toNanos() / 2;
      if (!places.tryAcquire(patience, TimeUnit.NANOSECONDS)) {
        return new Reply.Failed(Reply.Failure.BUSY);
      }
      try {
        return http.send(request, maxBody, deadline);
      } finally {
        places.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Failed(Reply.Failure.TIMEOUT);
    }
  }
}
