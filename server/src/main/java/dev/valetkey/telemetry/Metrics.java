package dev.valetkey.telemetry;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * All metrics of the process. Labels are server, issuer and reason only: the agent can read them.
 * Thread-safe.
 */
public final class Metrics {

  /** The counters of one server, looked up once when a configuration is loaded. */
  public ServerMetrics server(String server) {
    return new ServerMetrics();
  }

  /**
   * One call to an issuer's token endpoint and what came of it: {@code ok}, an OAuth error code or
   * a cause.
   */
  public void issuerCall(String issuer, String outcome, Duration took) {}

  /** Cached tokens, their bytes, and sessions, read when somebody asks. */
  public void observe(LongSupplier entries, LongSupplier bytes, LongSupplier sessions) {}

  /** A refusal that belongs to no server. */
  public void refused(String reason) {}

  /** A bug was met; the call was refused. */
  public void internalError() {}

  /** A configuration was taken, or kept out because of its problems. */
  public void reload(boolean taken) {}

  /** A stranger tried to open the socket. */
  public void peerRefused() {}

  /** What the calls to one server came to. Counting takes no lock and no memory. */
  public static final class ServerMetrics {
    /** Forwarded with a token from the cache. */
    public void hit() {}

    /** Forwarded with a token that had to be waited for. */
    public void miss() {}

    /** Forwarded without a token, because the server needs none. */
    public void without() {}

    public void refused(String reason) {}

    /** A token was renewed after the server's 401. */
    public void renewed() {}

    /** A token was refreshed ahead of its end. */
    public void refreshed() {}
  }
}
