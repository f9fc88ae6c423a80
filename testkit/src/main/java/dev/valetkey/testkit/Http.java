package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 client that sends exactly the bytes it is given: one connection per request, nothing
 * added but {@code Host} and {@code Content-Length}, redirects not followed. A silent server is an
 * {@link UncheckedIOException} after 30 s.
 */
public final class Http {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Http() {}

  /** What came back; interim responses are left out. */
  @SuppressWarnings("ArrayRecordComponent") // read by tests, never compared
  public record Response(int status, List<Header> headers, byte[] body) {

    public Response {
      headers = List.copyOf(headers);
    }

    public String text() {
      return new String(body, UTF_8);
    }

    public Map<String, Object> json() {
      return Json.object(text());
    }

    /** The first value of this header in any case; null when there is none. */
    public @Nullable String header(String name) {
      return Header.first(headers, name);
    }

    /** Status, headers and body as text to be searched. */
    public String wireText() {
      StringBuilder text = new StringBuilder().append(status).append('\n');
      headers.forEach(h -> text.append(h.name()).append(": ").append(h.value()).append('\n'));
      return text.append('\n').append(new String(body, ISO_8859_1)).toString();
    }
  }

  /** Sends these characters as ISO-8859-1 and reads one answer. */
  public static Response send(String host, int port, String raw) {
    return send(host, port, raw.getBytes(ISO_8859_1));
  }

  /** Sends these bytes and reads one answer. */
  public static Response send(String host, int port, byte[] raw) {
    return send(host, port, null, raw);
  }

  /** GET; headers are alternating names and values. */
  public static Response get(URI uri, String... headers) {
    return request("GET", uri, null, new byte[0], headers);
  }

  /** POST of a text. */
  public static Response post(URI uri, String contentType, String body, String... headers) {
    List<String> all = new ArrayList<>(List.of("Content-Type", contentType));
    all.addAll(List.of(headers));
    return request("POST", uri, null, body.getBytes(UTF_8), all.toArray(String[]::new));
  }

  public static Response post(URI uri, Form form, String... headers) {
    return post(uri, "application/x-www-form-urlencoded", form.encoded(), headers);
  }

  /**
   * Any request. A header {@code Host} replaces the one made of the URI.
   *
   * @param tls whom to trust for https; null: the JDK's own authorities
   */
  public static Response request(
      String method, URI uri, @Nullable SSLContext tls, byte[] body, String... headers) {
    boolean secure = "https".equals(uri.getScheme());
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
    List<Header> all = new ArrayList<>(Header.of(headers));
    if (Header.first(all, "host") == null) {
      all.addFirst(new Header("Host", uri.getRawAuthority()));
    }
    if (body.length > 0 || method.equals("POST")) {
      all.add(new Header("Content-Length", String.valueOf(body.length)));
    }
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    try {
      SSLContext context = secure && tls == null ? SSLContext.getDefault() : tls;
      return send(uri.getHost(), port, secure ? context : null, bytes(method, target, all, body));
    } catch (NoSuchAlgorithmException noTls) {
      throw new IllegalStateException(noTls);
    }
  }

  /** Sends these bytes on a connection that somebody else made, and reads one answer. */
  public static Response exchange(Socket socket, byte[] raw) throws IOException {
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.getOutputStream().write(raw);
    socket.getOutputStream().flush();
    boolean head = raw.length > 4 && new String(raw, 0, 5, ISO_8859_1).equals("HEAD ");
    return read(new BufferedInputStream(socket.getInputStream()), head);
  }

  /** The bytes of a request, for those who send them in another way. */
  static byte[] bytes(String method, String target, List<Header> headers, byte[] body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes((method + " " + target + " HTTP/1.1\r\n").getBytes(ISO_8859_1));
    for (Header header : headers) {
      bytes.writeBytes((header.name() + ": " + header.value() + "\r\n").getBytes(ISO_8859_1));
    }
    bytes.writeBytes("\r\n".getBytes(ISO_8859_1));
    bytes.writeBytes(body);
    return bytes.toByteArray();
  }

  /** Reads one answer from a stream that stands at its first byte. */
  static Response read(InputStream in, boolean bodyless) throws IOException {
    while (true) {
      String start = Wire.line(in);
      if (start == null) {
        throw new EOFException("closed without an answer");
      }
      int status = Integer.parseInt(start.split(" ", 3)[1]);
      List<Header> headers = Wire.headers(in);
      if (status >= 200 || status == 101) {
        boolean empty = bodyless || status == 101 || status == 204 || status == 304;
        byte[] body = empty ? new byte[0] : Wire.body(in, headers, true);
        return new Response(status, headers, body);
      }
    }
  }

  private static Response send(String host, int port, @Nullable SSLContext tls, byte[] raw) {
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress(host, port), (int) PATIENCE.toMillis());
      plain.setSoTimeout((int) PATIENCE.toMillis());
      try (Socket socket = tls == null ? plain : secured(plain, host, port, tls)) {
        return exchange(socket, raw);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(host + ":" + port + ": " + failed.getMessage(), failed);
    }
  }

  private static SSLSocket secured(Socket plain, String host, int port, SSLContext tls)
      throws IOException {
    SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(plain, host, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    return socket;
  }
}
