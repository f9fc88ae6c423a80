package dev.valetkey.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.AuditConfig.Hits;
import dev.valetkey.config.AuditConfig.SubjectForm;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class AuditTest {
  private static final String TIME = "{\"time\":\"2026-11-23T03:22:48.007Z\",";
  private static final AuditConfig SUMMARY = new AuditConfig(Hits.SUMMARY, SubjectForm.PLAIN);
  private static final AuditConfig EACH = new AuditConfig(Hits.EACH, SubjectForm.PLAIN);
  private static final AuditConfig DIGEST = new AuditConfig(Hits.SUMMARY, SubjectForm.DIGEST);
  private static final AuditEvent REFUSAL =
      new AuditEvent("call", null, "refuse", "unlisted_host", null, null, null, null, null, -1, 1);

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-23T03:22:48.007Z"));
  private final InstantSource clock = now::get;
  private final BlockableSink sink = new BlockableSink();
  private final Metrics metrics = new Metrics();

  // R-BC-4
  @Test
  void aCallIsOneLineWithEverythingThatIsKnown() {
    try (Audit audit = audit(SUMMARY)) {
      audit.write(
          new AuditEvent(
              "call",
              "github",
              "forward",
              null,
              "https://idp",
              "alice",
              "a1b2",
              "c3d4",
              "miss",
              12,
              1));
    }

    assertThat(sink.lines())
        .containsExactly(
            TIME
                + "\"event\":\"call\",\"server\":\"github\",\"decision\":\"forward\",\"issuer\":\"https://idp\","
                + "\"subject\":\"alice\",\"session\":\"a1b2\",\"token\":\"c3d4\",\"cache\":\"miss\",\"millis\":12,\"count\":1}");
  }

  @Test
  void whatIsAbsentIsLeftOut() {
    try (Audit audit = audit(SUMMARY)) {
      audit.write(REFUSAL);
    }

    assertThat(sink.lines())
        .containsExactly(
            TIME
                + "\"event\":\"call\",\"decision\":\"refuse\",\"reason\":\"unlisted_host\",\"count\":1}");
  }

  @Test
  void aSubjectIsWrittenAsTheBeginningOfItsSha256IfSoConfigured() {
    try (Audit audit = audit(DIGEST)) {
      audit.write(
          new AuditEvent("call", "s", "forward", null, "i", "alice", null, null, null, -1, 1));
    }

    // printf alice | sha256sum
    assertThat(sink.lines())
        .singleElement()
        .asString()
        .contains("\"subject\":\"2bd806c97f0e00af\"");
    assertThat(sink.lines()).singleElement().asString().doesNotContain("alice");
  }

  @Test
  void aLineBreakInASubjectDoesNotMakeALine() {
    try (Audit audit = audit(SUMMARY)) {
      audit.write(
          new AuditEvent(
              "call",
              "s",
              "forward",
              null,
              "i",
              "a\n{\"event\":\"forged\"}",
              null,
              null,
              null,
              -1,
              1));
    }

    assertThat(sink.lines()).hasSize(1);
    assertThat(field(sink.lines().getFirst(), "subject")).isEqualTo("a\n{\"event\":\"forged\"}");
  }

  @Test
  void laterHitsAreSummedUpPerSessionAndServerOnceAMinute() {
    try (Audit audit = audit(SUMMARY)) {
      int github = audit.serverNumber("github");
      int jira = audit.serverNumber("jira");
      HitCounters alice = audit.begin("https://idp", "alice", "a1b2");
      hit(alice, github, 4);
      hit(alice, jira, 1);

      now.set(now.get().plusSeconds(60));
      audit.write(REFUSAL);
      await().until(() -> sink.lines().size() == 2);
      assertThat(sink.lines())
          .contains(
              "{\"time\":\"2026-11-23T03:23:48.007Z\",\"event\":\"call\",\"server\":\"github\",\"decision\":\"forward\","
                  + "\"issuer\":\"https://idp\",\"subject\":\"alice\",\"session\":\"a1b2\",\"cache\":\"hit\",\"count\":3}");
    }

    assertThat(sink.lines()).hasSize(2);
  }

  @Test
  void theMinuteComesWithoutAnybodyWriting() {
    try (Audit audit =
        new Audit(SUMMARY, sink, InstantSource.system(), metrics, Duration.ofMillis(50))) {
      hit(audit.begin("i", "alice", "a1b2"), audit.serverNumber("github"), 3);

      await().until(() -> !sink.lines().isEmpty());

      assertThat(field(sink.lines().getFirst(), "count")).isEqualTo("2");
    }
  }

  @Test
  void aClockThatIsSetBackDoesNotPutTheSummaryOff() {
    try (Audit audit = audit(SUMMARY)) {
      hit(audit.begin("i", "alice", "a1b2"), audit.serverNumber("github"), 3);

      now.set(now.get().minusSeconds(3600));
      audit.write(REFUSAL);

      await().until(() -> sink.lines().size() == 2);
    }
  }

  @Test
  void endWritesWhatIsLeftAndForgetsTheCounters() {
    try (Audit audit = audit(SUMMARY)) {
      int github = audit.serverNumber("github");
      HitCounters alice = audit.begin("i", "alice", "a1b2");
      hit(alice, github, 3);

      audit.end(alice);
      await().until(() -> sink.lines().size() == 1);
      hit(alice, github, 5);
      audit.end(alice);
    }

    assertThat(sink.lines()).hasSize(1);
    assertThat(field(sink.lines().getFirst(), "count")).isEqualTo("2");
  }

  @Test
  void closeWritesWhatWasCounted() {
    try (Audit audit = audit(SUMMARY)) {
      hit(audit.begin("i", "alice", "a1b2"), audit.serverNumber("github"), 3);
    }

    assertThat(sink.lines()).hasSize(1);
  }

  @Test
  void callsOfNobodyAreSummedUpWithoutUser() {
    try (Audit audit = audit(SUMMARY)) {
      int search = audit.serverNumber("search");
      assertThat(audit.workloadHits()).isSameAs(audit.workloadHits());
      hit(audit.workloadHits(), search, 2);
      hit(audit.callsWithoutToken(), search, 3);
    }

    assertThat(sink.lines())
        .containsExactlyInAnyOrder(
            TIME
                + "\"event\":\"call\",\"server\":\"search\",\"decision\":\"forward\",\"cache\":\"hit\",\"count\":1}",
            TIME
                + "\"event\":\"call\",\"server\":\"search\",\"decision\":\"forward\",\"count\":2}");
  }

  @Test
  void hitsThatAreEachWrittenAreNotSummedUp() {
    try (Audit audit = audit(EACH)) {
      assertThat(audit.eachHit()).isTrue();
      hit(audit.begin("i", "alice", "a1b2"), audit.serverNumber("github"), 3);
    }

    assertThat(sink.lines()).isEmpty();
  }

  @Test
  void aChangeOfSettingsSumsUpWhatWasCountedBefore() {
    try (Audit audit = audit(SUMMARY)) {
      hit(audit.begin("i", "alice", "a1b2"), audit.serverNumber("github"), 3);

      audit.reconfigure(EACH);

      assertThat(audit.eachHit()).isTrue();
      await().until(() -> sink.lines().size() == 1);
      assertThat(field(sink.lines().getFirst(), "count")).isEqualTo("2");
    }
  }

  @Test
  void aServerKeepsItsNumber() {
    try (Audit audit = audit(SUMMARY)) {
      int github = audit.serverNumber("github");
      int jira = audit.serverNumber("jira");

      assertThat(jira).isNotEqualTo(github);
      assertThat(audit.serverNumber("github")).isEqualTo(github);
    }
  }

  @Test
  @Timeout(20)
  void aBlockedSinkBlocksNobodyAndWhatItCostIsReported() {
    sink.block();
    try (Audit audit = audit(SUMMARY)) {
      audit.write(REFUSAL);
      await().until(sink::entered);

      long started = System.nanoTime();
      for (int i = 0; i < Audit.CAPACITY + 100; i++) {
        audit.write(REFUSAL);
      }
      assertThat(System.nanoTime() - started).isLessThan(TimeUnit.SECONDS.toNanos(5));
      assertThat(metrics.scrape()).contains("valetkey_audit_dropped_total 100.0\n");

      sink.unblock();
      await().until(() -> sink.lines().size() == 1 + Audit.CAPACITY + 1);
    }

    List<String> reports =
        sink.lines().stream().filter(line -> line.contains("audit_dropped")).toList();
    assertThat(reports).containsExactly(TIME + "\"event\":\"audit_dropped\",\"count\":100}");
  }

  @Test
  @Timeout(20)
  void closeDoesNotWaitForeverForABlockedSink() {
    sink.block();
    Audit audit = audit(SUMMARY);
    audit.write(REFUSAL);

    audit.close();
    audit.write(REFUSAL);

    assertThat(sink.lines()).isEmpty();
    sink.unblock();
  }

  @Test
  void linesThatASinkRefusesAreCountedAndReportedWhenItWorksAgain() {
    sink.breakPipe(true);
    try (Audit audit = audit(SUMMARY)) {
      audit.write(REFUSAL);
      await().until(() -> metrics.scrape().contains("valetkey_audit_dropped_total 1.0\n"));
      audit.write(REFUSAL);
      await().until(() -> metrics.scrape().contains("valetkey_audit_dropped_total 2.0\n"));

      sink.breakPipe(false);
      audit.write(REFUSAL);
      await().until(() -> sink.lines().size() == 2);
    }

    assertThat(sink.lines()).contains(TIME + "\"event\":\"audit_dropped\",\"count\":2}");
  }

  @Test
  void manySessionsAreSummedUpInBatches() {
    int sessions = 3000;
    try (Audit audit = audit(SUMMARY)) {
      int github = audit.serverNumber("github");
      for (int i = 0; i < sessions; i++) {
        hit(audit.begin("https://idp", "user" + i, "s" + i), github, 2);
      }
    }

    assertThat(sink.lines())
        .hasSize(sessions)
        .allMatch(line -> JsonParser.parseString(line).isJsonObject());
  }

  private Audit audit(AuditConfig config) {
    return new Audit(config, sink, clock, metrics);
  }

  private static void hit(HitCounters counters, int server, int times) {
    for (int i = 0; i < times; i++) {
      counters.hit(server);
    }
  }

  private static String field(String line, String name) {
    return JsonParser.parseString(line).getAsJsonObject().get(name).getAsString();
  }
}
