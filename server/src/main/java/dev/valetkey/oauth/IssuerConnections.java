package dev.valetkey.oauth;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.token.Deadline;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
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
    places = new Semaphore(config.maxInFlight(), true);
    connectTo = config.connectTo();
    publicOrigin = Origin.of(config.issuer());
    http = new JsonHttp(CaFileTrust.context(config.tls().caFile()), List.of());
  }

  /** Fetches a document of at most {@code maxBody} bytes. */
  Reply get(URI uri, int maxBody, Deadline deadline) {
    return send(request(uri).GET().build(), maxBody, deadline);
  }

  /**
   * Posts a form.
   *
   * @param authorization value of the {@code Authorization} header; null: none
   */
  Reply post(URI uri, @Nullable String authorization, String form, int maxBody, Deadline deadline) {
    HttpRequest.Builder request =
        request(uri)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(form));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
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
