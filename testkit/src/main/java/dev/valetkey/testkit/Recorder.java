package dev.valetkey.testkit;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** A server that nobody should talk to: it answers 200 to everything and keeps what it was told. */
public final class Recorder implements AutoCloseable {
  private final LoopbackServer server;
  private final RequestLog log = new RequestLog(true);

  private Recorder(LoopbackServer server) {
    this.server = server;
  }

  public static Recorder start() {
    return start(null);
  }

  /** With TLS when a certificate is given. */
  public static Recorder start(TestCa.@Nullable Certificate certificate) {
    return start(LoopbackServer.LOOPBACK, 0, certificate);
  }

  /** At another address; port 0: any. */
  public static Recorder start(
      InetAddress address, int port, TestCa.@Nullable Certificate certificate) {
    Recorder recorder =
        new Recorder(
            LoopbackServer.bind(address, port, certificate == null ? null : certificate.context()));
    recorder.server.serve(request -> {
      recorder.log.add(request);
      return Reply.text(200, "recorded");
    });
    return recorder;
  }

  public String url(String path) {
    return server.url(path);
  }

  public int port() {
    return server.port();
  }

  public RequestLog requests() {
    return log;
  }

  /** Connections accepted, with or without a request on them. */
  public int connections() {
    return server.connections();
  }

  @Override
  public void close() {
    server.close();
  }
}
