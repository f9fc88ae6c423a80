package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * HTTP as we speak it with whoever answers in JSON: no redirects, no proxy, no cookies, no
 * compressed bodies, TLS 1.2 or newer with the peer's name checked, and a deadline that covers the
 * last byte of the body. Thread-safe; for virtual threads.
 *
 * <p>The JDK lets a request name another {@code Host} than it dials only if the system property
 * {@code jdk.httpclient.allowRestrictedHeaders} says so before the client's classes are loaded:
 * this class sees to it, and the launcher says it again for programs that loaded them earlier.
 */
final class JsonHttp implements AutoCloseable {
  static {
    if (System.getProperty("jdk.httpclient.allowRestrictedHeaders") == null) {
      System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
    }
  }

  private final HttpClient client;

  /**
   * A client with connections of its own.
   *
   * @param serverNames the SNI to send where the dialled host is an IP address; elsewhere it is the
   *     dialled host
   */
  JsonHttp(SSLContext context, List<SNIServerName> serverNames) {
    SSLParameters tls = new SSLParameters();
    tls.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    tls.setServerNames(serverNames);
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(HttpClient.Builder.NO_PROXY)
            .sslContext(context)
            .sslParameters(tls)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
  }

  /**
   * The beginning of a request.
   *
   * @param host value of {@code Host}; null: as dialled
   */
  static HttpRequest.Builder request(URI dialled, @Nullable String host) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(dialled)
            .header("Accept", "application/json")
            .header("Accept-Encoding", "identity")
            .header("User-Agent", "valetkey");
    return host == null ? request : request.header("Host", host);
  }

  /** Sends the request and reads a body of at most {@code maxBody} bytes. */
  Reply send(HttpRequest request, int maxBody, Deadline deadline) throws InterruptedException {
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

  /** Lets running requests end and refuses new ones. */
  @Override
  public void close() {
    client.shutdown();
  }

  private static boolean encoded(HttpResponse.ResponseInfo head) {
    return head.headers().allValues("Content-Encoding").stream()
        .anyMatch(coding -> !coding.equalsIgnoreCase("identity"));
  }

  private static Reply.Failure failure(@Nullable Throwable cause) {
    return switch (cause) {
      case SSLException tls -> Reply.Failure.TLS;
      case IOException broken -> Reply.Failure.CONNECTION;
      case null, default -> throw new IllegalStateException("a bug in an HTTP exchange", cause);
    };
  }
}
