package dev.valetkey.telemetry;

import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.AuditConfig.Hits;
import dev.valetkey.config.AuditConfig.SubjectForm;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes who called which server and what we decided, as JSON lines. Never blocks and never throws
 * at its callers: a thread of its own writes, at most {@value #CAPACITY} lines wait for it, and
 * what comes then is dropped, counted in {@code valetkey_audit_dropped_total} and reported by a
 * line {@code audit_dropped}. Thread-safe.
 */
public final class Audit implements AutoCloseable {
  /** How many lines may wait for a slow sink. */
  static final int CAPACITY = 4096;

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration GATHER = Duration.ofMillis(20);
  private static final int SUBJECT_DIGITS = 16;

  private final InstantSource clock;
  private final Duration interval;
  private final LineWriter<Entry> writer;
  private final Set<HitCounters> live = ConcurrentHashMap.newKeySet();
  private final HitCounters workloadHits = begin(null, null, null);
  private final HitCounters callsWithoutToken = register(new HitCounters());
  private final Map<String, Integer> numbers = new HashMap<>();
  // Written under the lock of numbers; a name never moves.
  private volatile String[] names = {};
  private volatile AuditConfig config;

  /** What waits to be written. */
  private sealed interface Entry {
    record Line(long time, AuditEvent event) implements Entry {}

    record Ended(HitCounters counters) implements Entry {}

    record HitsChanged(Hits before) implements Entry {}
  }

  /**
   * An audit log that begins to write at once.
   *
   * @param sink where the lines go, as UTF-8; it is flushed but never closed
   * @param clock of the lines' times and of the summaries, which are written once a minute
   */
  public Audit(AuditConfig config, OutputStream sink, InstantSource clock, Metrics metrics) {
    this(config, sink, clock, metrics, MINUTE);
  }

  Audit(
      AuditConfig config,
      OutputStream sink,
      InstantSource clock,
      Metrics metrics,
      Duration interval) {
    this.config = config;
    this.clock = clock;
    this.interval = interval;
    this.writer =
        new LineWriter<>("audit", sink, CAPACITY, GATHER, new EntryLines(), metrics::auditDropped)
            .start();
  }

  /**
   * Takes over changed settings: lines from now on follow them, and hits counted until now are
   * summed up as before.
   */
  public void reconfigure(AuditConfig changed) {
    AuditConfig before = config;
    config = changed;
    if (before.hits() != changed.hits()) {
      writer.offer(new Entry.HitsChanged(before.hits()));
    }
  }

  /**
   * The number of a server in {@link HitCounters}; the same name has the same number for the life
   * of the process.
   */
  public int serverNumber(String server) {
    synchronized (numbers) {
      Integer known = numbers.get(server);
      if (known != null) {
        return known;
      }
      int number = numbers.size();
      String[] longer = Arrays.copyOf(names, number + 1);
      longer[number] = server;
      names = longer;
      numbers.put(server, number);
      return number;
    }
  }

  /**
   * Counters of a new session, summed up once a minute until {@link #end}. All three are null where
   * there is no user.
   *
   * @param issuer {@code iss} of the user
   * @param subject {@code sub} of the user
   * @param session digest of the session
   */
  public HitCounters begin(
      @Nullable String issuer, @Nullable String subject, @Nullable String session) {
    return register(new HitCounters(issuer, subject, session, "hit"));
  }

  /** The counters of all calls for which a token of nobody's is used. */
  public HitCounters workloadHits() {
    return workloadHits;
  }

  /** The counters of all calls that need no token: their lines name no user and no cache. */
  public HitCounters callsWithoutToken() {
    return callsWithoutToken;
  }

  private HitCounters register(HitCounters counters) {
    live.add(counters);
    return counters;
  }

  /**
   * Writes what is left to be said of these counters and forgets them; what they count later is not
   * reported.
   */
  public void end(HitCounters counters) {
    if (live.remove(counters) && counters.anyUnreported()) {
      writer.offer(new Entry.Ended(counters));
    }
  }

  /** Whether each hit is to be written, and not only the first of a session on a server. */
  public boolean eachHit() {
    return config.hits() == Hits.EACH;
  }

  public void write(AuditEvent event) {
    writer.offer(new Entry.Line(clock.millis(), event));
  }

  /** Writes what waits and what was counted; gives a blocked sink two seconds. */
  @Override
  public void close() {
    writer.close();
  }

  /** Turns entries into lines, on the writer's thread. */
  private final class EntryLines implements LineWriter.Lines<Entry> {
    private final MessageDigest sha256 = sha256();
    private long lastSummary = clock.millis();

    @Override
    public void write(Entry entry, LineWriter<Entry> to) {
      switch (entry) {
        case Entry.Line line -> line(line.time(), line.event(), to);
        case Entry.Ended ended -> summary(ended.counters(), config.hits(), to);
        case Entry.HitsChanged changed ->
            live.forEach(counters -> summary(counters, changed.before(), to));
      }
    }

    @Override
    public void writeDropped(long count, LineWriter<Entry> to) {
      to.line()
          .time("time", clock.millis())
          .field("event", "audit_dropped")
          .field("count", count)
          .end();
    }

    @Override
    public Duration writeDue(boolean last, LineWriter<Entry> to) {
      long now = clock.millis();
      long sinceLast = now - lastSummary;
      // A clock that was set back must not put the next summary off.
      if (last || sinceLast < 0 || sinceLast >= interval.toMillis()) {
        lastSummary = now;
        sinceLast = 0;
        live.forEach(counters -> summary(counters, config.hits(), to));
      }
      return interval.minusMillis(sinceLast);
    }

    private void summary(HitCounters counters, Hits hits, LineWriter<Entry> to) {
      String[] servers = names;
      for (int i = 0; i < Math.min(servers.length, counters.servers()); i++) {
        int count = counters.drain(i);
        // Hits that were each written already are not told twice.
        if (count > 0 && hits == Hits.SUMMARY) {
          line(clock.millis(), counters.summary(servers[i], count), to);
        }
      }
    }

    private void line(long time, AuditEvent event, LineWriter<Entry> to) {
      JsonLines line =
          to.line()
              .time("time", time)
              .field("event", event.event())
              .field("server", event.server())
              .field("decision", event.decision())
              .field("reason", event.reason())
              .field("issuer", event.issuer())
              .field("subject", subject(event.subject()))
              .field("session", event.session())
              .field("token", event.token())
              .field("cache", event.cache());
      if (event.millis() >= 0) {
        line.field("millis", event.millis());
      }
      line.field("count", event.count()).end();
    }

    private @Nullable String subject(@Nullable String subject) {
      if (subject == null || config.subject() == SubjectForm.PLAIN) {
        return subject;
      }
      byte[] digest = sha256.digest(subject.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, SUBJECT_DIGITS / 2);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
