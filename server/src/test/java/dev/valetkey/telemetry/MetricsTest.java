package dev.valetkey.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.valetkey.telemetry.Metrics.ServerMetrics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MetricsTest {
  private final Metrics metrics = new Metrics();

  @Test
  void callsAreCountedByServerAndOutcome() {
    ServerMetrics github = metrics.server("github");
    github.hit();
    github.hit();
    github.miss();
    metrics.server("weather").without();

    assertThat(lines("valetkey_calls_total"))
        .containsExactly(
            "valetkey_calls_total{outcome=\"hit\",server=\"github\"} 2.0",
            "valetkey_calls_total{outcome=\"hit\",server=\"weather\"} 0.0",
            "valetkey_calls_total{outcome=\"miss\",server=\"github\"} 1.0",
            "valetkey_calls_total{outcome=\"miss\",server=\"weather\"} 0.0",
            "valetkey_calls_total{outcome=\"none\",server=\"github\"} 0.0",
            "valetkey_calls_total{outcome=\"none\",server=\"weather\"} 1.0");
  }

  @Test
  void refusalsAreCountedByReasonWithOrWithoutServer() {
    metrics.server("github").refused("no_user_token");
    metrics.refused("unlisted_host");
    metrics.refused("unlisted_host");

    assertThat(lines("valetkey_refusals_total"))
        .containsExactly(
            "valetkey_refusals_total{reason=\"no_user_token\",server=\"github\"} 1.0",
            "valetkey_refusals_total{reason=\"unlisted_host\",server=\"\"} 2.0");
  }

  @Test
  void aServerThatIsLoadedAgainCountsOn() {
    metrics.server("github").renewed();
    metrics.server("github").renewed();
    metrics.server("github").refreshed();

    assertThat(lines("valetkey_renewals_total"))
        .containsExactly("valetkey_renewals_total{server=\"github\"} 2.0");
    assertThat(lines("valetkey_refreshes_total"))
        .containsExactly("valetkey_refreshes_total{server=\"github\"} 1.0");
  }

  @Test
  void issuerCallsAreCountedAndTimed() {
    metrics.issuerCall("corp", "ok", Duration.ofMillis(30));
    metrics.issuerCall("corp", "invalid_grant", Duration.ofMillis(3));

    assertThat(lines("valetkey_issuer_calls_total"))
        .containsExactly(
            "valetkey_issuer_calls_total{issuer=\"corp\",outcome=\"invalid_grant\"} 1.0",
            "valetkey_issuer_calls_total{issuer=\"corp\",outcome=\"ok\"} 1.0");
    assertThat(metrics.scrape())
        .contains("valetkey_issuer_call_seconds_bucket{issuer=\"corp\",le=\"0.005\"} 1\n")
        .contains("valetkey_issuer_call_seconds_bucket{issuer=\"corp\",le=\"0.05\"} 2\n")
        .contains("valetkey_issuer_call_seconds_count{issuer=\"corp\"} 2\n");
  }

  @Test
  void anIssuerCannotChooseTextOrNumberOfOutcomes() {
    metrics.issuerCall("corp", "CANARY-outcome", Duration.ZERO);
    metrics.issuerCall("corp", "line\nbreak", Duration.ZERO);
    for (int i = 0; i < 1000; i++) {
      metrics.issuerCall("corp", "made_up_" + i, Duration.ZERO);
    }

    assertThat(lines("valetkey_issuer_calls_total")).hasSize(33);
    assertThat(metrics.scrape()).doesNotContain("CANARY").contains("outcome=\"other\"} 970.0");
  }

  @Test
  void cacheAndSessionsAreReadWhenSomebodyAsks() {
    metrics.observe(() -> 3, () -> 4096, () -> 2);

    assertThat(metrics.scrape())
        .contains("valetkey_cache_entries 3.0\n")
        .contains("valetkey_cache_bytes 4096.0\n")
        .contains("valetkey_sessions 2.0\n");
  }

  @Test
  void eventsOfTheProcessAreCounted() {
    metrics.internalError();
    metrics.peerRefused();
    metrics.reload(true);
    metrics.reload(false);
    metrics.reload(false);
    metrics.auditDropped(7);

    assertThat(metrics.scrape())
        .contains("valetkey_internal_errors_total 1.0\n")
        .contains("valetkey_peers_refused_total 1.0\n")
        .contains("valetkey_config_reloads_total{result=\"taken\"} 1.0\n")
        .contains("valetkey_config_reloads_total{result=\"refused\"} 2.0\n")
        .contains("valetkey_audit_dropped_total 7.0\n");
    assertThat(lines("valetkey_threads")).singleElement().asString().doesNotEndWith(" 0.0");
    assertThat(lines("valetkey_heap_used_bytes")).hasSize(1);
  }

  @Test
  void countingAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ServerMetrics github = metrics.server("github");
    HitCounters counters = new HitCounters();
    count(github, counters);

    long before = threads.getCurrentThreadAllocatedBytes();
    count(github, counters);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    // The measurement itself may allocate a little; one object per call would be 800 kB.
    assertThat(allocated).isLessThan(2_000);
  }

  @Test
  void everyMetricIsDocumented() throws IOException {
    metrics.server("github").hit();
    metrics.refused("unlisted_host");
    metrics.issuerCall("corp", "ok", Duration.ZERO);
    String page = Files.readString(Path.of("../docs/metrics.md"));

    List<String> names =
        metrics
            .scrape()
            .lines()
            .filter(line -> line.startsWith("# TYPE "))
            .map(line -> line.split(" ", 4)[2])
            .toList();

    assertThat(names)
        .hasSizeGreaterThan(10)
        .allSatisfy(name -> assertThat(page).contains("`" + name));
  }

  private static void count(ServerMetrics server, HitCounters counters) {
    for (int i = 0; i < 50_000; i++) {
      server.hit();
      server.refused("no_user_token");
      counters.hit(3);
    }
  }

  private List<String> lines(String name) {
    return metrics.scrape().lines().filter(line -> line.startsWith(name)).toList();
  }
}
