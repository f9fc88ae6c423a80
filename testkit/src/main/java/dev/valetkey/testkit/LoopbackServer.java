package dev.valetkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A small HTTP/1.1 server on 127.0.0.1, or on another address of a test's, that shows its handler
 * what arrived, byte for byte, and can misbehave. One virtual thread per connection. The JDK's own
 * server hides the order of headers and cannot answer wrongly.
 */
public final class LoopbackServer implements AutoCloseable {
  /** 127.0.0.1. */
  public static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final ServerSocket listener;
  private final boolean tls;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<X509Certificate> clientCertificates = new CopyOnWriteArrayList<>();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger maxInFlight = new AtomicInteger();

  /** Answers requests. Runs on the connection's thread; what it throws closes the connection. */
  public interface Handler {
    Reply handle(SeenRequest request);
  }

  private LoopbackServer(ServerSocket listener, boolean tls) {
    this.listener = listener;
    this.tls = tls;
  }

  /**
   * Takes {@code port} (0: any), with TLS when a context is given. Connections wait until {@link
   * #serve}.
   */
  public static LoopbackServer bind(int port, @Nullable SSLContext context) {
    return bind(LOOPBACK, port, context);
  }

  /** The same at another address of this machine, such as one of {@link PodNetwork}. */
  public static LoopbackServer bind(InetAddress address, int port, @Nullable SSLContext context) {
    try {
      ServerSocket listener =
          context == null
              ? new ServerSocket(port, 1024, address)
              : context.getServerSocketFactory().createServerSocket(port, 1024, address);
      return new LoopbackServer(listener, context != null);
    } catch (IOException cannotListen) {
      throw new UncheckedIOException(address + ", port " + port, cannotListen);
    }
  }

  /** As {@link #bind}, demanding a certificate that {@code context} trusts (RFC 8705). */
  public static LoopbackServer bindMutual(InetAddress address, int port, SSLContext context) {
    LoopbackServer server = bind(address, port, context);
    ((SSLServerSocket) server.listener).setNeedClientAuth(true);
    return server;
  }

  /** The certificates that clients showed, one for each connection that brought a request. */
  public List<X509Certificate> clientCertificates() {
    return List.copyOf(clientCertificates);
  }

  /** Begins to answer. */
  public void serve(Handler handler) {
    Thread.ofVirtual().name("accept-" + port()).start(() -> accept(handler));
  }

  public int port() {
    return listener.getLocalPort();
  }

  /**
   * This server's address with the path; https is reached as {@code localhost}, the name in the
   * certificate.
   */
  public String url(String path) {
    String host = listener.getInetAddress().getHostAddress();
    return (tls
            ? "https://localhost:"
            : "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":")
        + port()
        + path;
  }

  /** Connections accepted so far. */
  public int connections() {
    return accepted.get();
  }

  /** Most requests that were being answered at one time. */
  public int maxInFlight() {
    return maxInFlight.get();
  }

  /** Forgets what {@link #connections} and {@link #maxInFlight} counted. */
  public void resetCounts() {
    accepted.set(0);
    maxInFlight.set(inFlight.get());
  }

  /** Breaks every open connection; new ones are accepted. */
  public void dropConnections() {
    open.forEach(LoopbackServer::closeQuietly);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      listener.close();
    } catch (IOException alreadyGone) {
      // Nothing listens either way.
    }
    dropConnections();
  }

  private void accept(Handler handler) {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        open.add(socket);
        accepted.incrementAndGet();
        Thread.ofVirtual().start(() -> serve(socket, handler));
      } catch (IOException closedOrRefused) {
        // The loop's condition tells a closed server from one failed connection.
      }
    }
  }

  private void serve(Socket socket, Handler handler) {
    try (socket) {
      socket.setTcpNoDelay(true);
      Connection connection = new Connection(socket, closed);
      if (socket instanceof SSLSocket secured
          && ((SSLServerSocket) listener).getNeedClientAuth()
          && secured.getSession().getPeerCertificates()[0] instanceof X509Certificate shown) {
        clientCertificates.add(shown);
      }
      while (closed.getCount() > 0 && answerOne(connection, handler)) {}
    } catch (IOException otherSideLeft) {
      // Clients come and go; what matters has been recorded.
    } finally {
      open.remove(socket);
    }
  }

  private boolean answerOne(Connection connection, Handler handler) throws IOException {
    String start = Wire.line(connection.in());
    if (start == null) {
      return false;
    }
    String[] parts = start.split(" ", 3);
    List<Header> headers = Wire.headers(connection.in());
    if ("100-continue".equalsIgnoreCase(Header.first(headers, "expect"))) {
      connection.send(Reply.head(100, List.of()));
    }
    maxInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    try {
      byte[] body = Wire.body(connection.in(), headers, false);
      SeenRequest request =
          new SeenRequest(
              parts[0],
              parts.length > 1 ? parts[1] : "",
              headers,
              body,
              connection.remotePort(),
              Instant.now());
      boolean again = connection.send(handler.handle(request), parts[0].equals("HEAD"));
      return again && !"close".equalsIgnoreCase(request.header("connection"));
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException alreadyGone) {
      // Closed is what was wanted.
    }
  }
}
