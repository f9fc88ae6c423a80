package dev.valetkey.telemetry;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * All metrics of the process. Labels are server, issuer and reason only: the agent can read them.
 * Thread-safe.
 */
public final class Metrics {
  /** Content type of {@link #scrape}. */
  public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final String NO_SERVER = "";
  private static final String OTHER = "other";
  private static final Pattern OUTCOME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
  private static final int OUTCOMES_PER_ISSUER = 32;
  private static final double[] SECONDS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  private final Counter calls =
      counter(
          "valetkey_calls_total", "Calls forwarded, by what the cache had.", "server", "outcome");
  private final Counter refusals =
      counter("valetkey_refusals_total", "Calls refused, by reason.", "server", "reason");
  private final Counter renewals =
      counter("valetkey_renewals_total", "Tokens renewed after the server's 401.", "server");
  private final Counter refreshes =
      counter("valetkey_refreshes_total", "Tokens refreshed ahead of their end.", "server");
  private final Counter issuerCalls =
      counter(
          "valetkey_issuer_calls_total",
          "Questions for a token, to issuers and token brokers.",
          "issuer",
          "outcome");
  private final Histogram issuerSeconds =
      Histogram.builder()
          .name("valetkey_issuer_call_seconds")
          .help("How long questions for a token took.")
          .labelNames("issuer")
          .classicOnly()
          .classicUpperBounds(SECONDS)
          .register(registry);
  private final Counter reloads =
      counter("valetkey_config_reloads_total", "Configurations read again, by result.", "result");
  private final CounterDataPoint peersRefused =
      counter("valetkey_peers_refused_total", "Connections of strangers to the socket.")
          .labelValues();
  private final CounterDataPoint admitted =
      counter("valetkey_inbound_calls_total", "Calls of users that went on to the agent.")
          .labelValues();
  private final CounterDataPoint internalErrors =
      counter("valetkey_internal_errors_total", "Bugs met; each call was refused.").labelValues();
  private final CounterDataPoint auditDropped =
      counter("valetkey_audit_dropped_total", "Audit lines lost to a blocked or failing sink.")
          .labelValues();

  private final CounterDataPoint reloadsTaken = reloads.labelValues("taken");
  private final CounterDataPoint reloadsRefused = reloads.labelValues("refused");
  private final ConcurrentHashMap<String, CounterDataPoint> refusalsOfNone =
      new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Set<String>> outcomes = new ConcurrentHashMap<>();
  // Written by observe, read by scrapes.
  private volatile LongSupplier entries = () -> 0;
  private volatile LongSupplier bytes = () -> 0;
  private volatile LongSupplier sessions = () -> 0;

  /** Metrics in a registry of their own; nothing is global. */
  public Metrics() {
    gauge("valetkey_cache_entries", "Tokens in the cache.", () -> entries.getAsLong());
    gauge("valetkey_cache_bytes", "Weight of the tokens in the cache.", () -> bytes.getAsLong());
    gauge("valetkey_sessions", "Sessions alive.", () -> sessions.getAsLong());
    Runtime runtime = Runtime.getRuntime();
    gauge(
        "valetkey_heap_used_bytes",
        "Java heap in use.",
        () -> runtime.totalMemory() - runtime.freeMemory());
    gauge("valetkey_heap_max_bytes", "Java heap at most.", runtime::maxMemory);
    gauge(
        "valetkey_threads",
        "Platform threads alive.",
        () -> ManagementFactory.getThreadMXBean().getThreadCount());
  }

  /**
   * The counters of one server, looked up once when a configuration is loaded. The same name counts
   * on.
   */
  public ServerMetrics server(String server) {
    return new ServerMetrics(this, server);
  }

  /**
   * One call to an issuer's token endpoint and what came of it: {@code ok}, an OAuth error code or
   * a cause. An outcome that is no plain lower-case word counts as {@code other}: an error code is
   * chosen by the issuer.
   */
  public void issuerCall(String issuer, String outcome, Duration took) {
    issuerCalls.labelValues(issuer, known(issuer, outcome)).inc();
    issuerSeconds.labelValues(issuer).observe(took.toNanos() / 1e9);
  }

  /** Cached tokens, their bytes, and sessions, read when somebody asks. */
  public void observe(LongSupplier entries, LongSupplier bytes, LongSupplier sessions) {
    this.entries = entries;
    this.bytes = bytes;
    this.sessions = sessions;
  }

  /** A refusal that belongs to no server. */
  public void refused(String reason) {
    refusal(refusalsOfNone, NO_SERVER, reason).inc();
  }

  /** A user's call went on to the agent. */
  public void admitted() {
    admitted.inc();
  }

  /** A bug was met; the call was refused. */
  public void internalError() {
    internalErrors.inc();
  }

  /** A configuration was taken, or kept out because of its problems. */
  public void reload(boolean taken) {
    (taken ? reloadsTaken : reloadsRefused).inc();
  }

  /** A stranger tried to open the socket. */
  public void peerRefused() {
    peersRefused.inc();
  }

  /** Lines of the audit log that never reached its sink. */
  void auditDropped(long lines) {
    auditDropped.inc(lines);
  }

  /** All metrics in Prometheus text format 0.0.4. */
  public String scrape() {
    ByteArrayOutputStream text = new ByteArrayOutputStream(8 * 1024);
    try {
      writer.write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory does not fail", e);
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  /** What the calls to one server came to. Counting takes no lock and no memory. */
  public static final class ServerMetrics {
    private final Metrics metrics;
    private final String server;
    private final CounterDataPoint hits;
    private final CounterDataPoint misses;
    private final CounterDataPoint without;
    private final CounterDataPoint renewals;
    private final CounterDataPoint refreshes;
    private final ConcurrentHashMap<String, CounterDataPoint> refusals = new ConcurrentHashMap<>();

    private ServerMetrics(Metrics metrics, String server) {
      this.metrics = metrics;
      this.server = server;
      this.hits = metrics.calls.labelValues(server, "hit");
      this.misses = metrics.calls.labelValues(server, "miss");
      this.without = metrics.calls.labelValues(server, "none");
      this.renewals = metrics.renewals.labelValues(server);
      this.refreshes = metrics.refreshes.labelValues(server);
    }

    /** Forwarded with a token from the cache. */
    public void hit() {
      hits.inc();
    }

    /** Forwarded with a token that had to be waited for. */
    public void miss() {
      misses.inc();
    }

    /** Forwarded without a token, because the server needs none. */
    public void without() {
      without.inc();
    }

    public void refused(String reason) {
      metrics.refusal(refusals, server, reason).inc();
    }

    /** A token was renewed after the server's 401. */
    public void renewed() {
      renewals.inc();
    }

    /** A token was refreshed ahead of its end. */
    public void refreshed() {
      refreshes.inc();
    }
  }

  private CounterDataPoint refusal(
      ConcurrentHashMap<String, CounterDataPoint> byReason, String server, String reason) {
    // Looked up before it is made: the lambda of the second call is an object of its own.
    CounterDataPoint known = byReason.get(reason);
    return known != null
        ? known
        : byReason.computeIfAbsent(reason, r -> refusals.labelValues(server, r));
  }

  private String known(String issuer, String outcome) {
    Set<String> seen = outcomes.computeIfAbsent(issuer, i -> ConcurrentHashMap.newKeySet());
    if (seen.contains(outcome)) {
      return outcome;
    }
    // Racing threads may go past the bound by as many as they are, which is still a bound.
    if (seen.size() >= OUTCOMES_PER_ISSUER || !OUTCOME.matcher(outcome).matches()) {
      return OTHER;
    }
    seen.add(outcome);
    return outcome;
  }

  private Counter counter(String name, String help, String... labels) {
    return Counter.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .withoutExemplars()
        .register(registry);
  }

  private void gauge(String name, String help, LongSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call((double) value.getAsLong()))
        .register(registry);
  }
}
