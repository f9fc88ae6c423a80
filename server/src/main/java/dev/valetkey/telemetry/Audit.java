package dev.valetkey.telemetry;

/**
 * Writes who called which server and what we decided, as JSON lines. Never blocks and never throws
 * at its callers.
 */
public final class Audit implements AutoCloseable {

  /**
   * The number of a server in {@link HitCounters}; the same name has the same number for the life
   * of the process.
   */
  public int serverNumber(String server) {
    return 0;
  }

  /**
   * Counters of a new session, summed up once a minute until {@link #end}.
   *
   * @param issuer {@code iss} of the user
   * @param subject {@code sub} of the user
   * @param session digest of the session
   */
  public HitCounters begin(String issuer, String subject, String session) {
    return new HitCounters();
  }

  /** The counters of all calls for which no user is needed. */
  public HitCounters workloadHits() {
    return new HitCounters();
  }

  /** Writes what is left to be said of these counters and forgets them. */
  public void end(HitCounters counters) {}

  /** Whether each hit is to be written, and not only the first of a session on a server. */
  public boolean eachHit() {
    return false;
  }

  public void write(AuditEvent event) {}

  @Override
  public void close() {}
}
