package dev.valetkey.acquire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.oauth.Configs;
import dev.valetkey.oauth.Issuers;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import dev.valetkey.token.TokenRequest;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What every grant that asks somebody for a token does alike. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GrantContract {
  final Issuer corp = Issuer.start();
  final MovedTime time = new MovedTime();
  Issuers issuers;
  Metrics metrics;
  ByteArrayOutputStream auditLines;
  Audit audit;
  Acquirer acquirer;
  IssuerConfig issuer;
  Path folder;

  @BeforeEach
  void configure(@TempDir Path given) {
    issuers = new Issuers(time, time, new SecureRandom());
    metrics = new Metrics();
    auditLines = new ByteArrayOutputStream();
    AuditConfig plain = new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN);
    audit = new Audit(plain, auditLines, time, metrics);
    acquirer = new GrantAcquirer(issuers, time, metrics, audit);
    folder = given;
    issuer = Configs.limited(Configs.agent(corp, given), Duration.ofSeconds(2), 4);
  }

  @AfterEach
  void stop() {
    issuers.close();
    audit.close();
    corp.faults().clear();
    corp.requests().clear();
    corp.switches().opaqueTokens(false);
  }

  @AfterAll
  void stopIssuer() {
    corp.close();
  }

  /** A request that is granted when all is well at {@link #issuer}. */
  abstract TokenRequest request();

  /** The next {@code times} questions for the server's token meet this fault at {@link #corp}. */
  void meet(Fault fault, int times) {
    corp.faults().token(fault, times);
  }

  /** A refusal, and what it is called. */
  Fault refusal() {
    return Fault.oauthError("invalid_target");
  }

  String refusalCode() {
    return "invalid_target";
  }

  /** What it is called when the answer is a page. */
  String pageCode() {
    return "issuer_answer";
  }

  Cause whenDown() {
    return Cause.UNREACHABLE;
  }

  /** How many questions one token takes. */
  int questions() {
    return 1;
  }

  // R-TX-13, TB1
  @Test
  void tokenComesReadyToBeSent() {
    AccessToken token = granted();

    assertThat(new String(token.authorization(), UTF_8))
        .isEqualTo("Bearer " + corp.issuedTokens().getLast());
    assertThat(token.expiresAt() - token.issuedAt()).isBetween(298_000L, 300_000L);
  }

  @Test
  void tokenOfAnIssuerWhoseClockIsBehindIsUsedOnce() {
    long past = time.instant().getEpochSecond() - 30;
    meet(Fault.issuedClaims(claims -> claims.put("exp", past)), 1);

    AccessToken token = granted();

    assertThat(token.expiresAt()).isEqualTo(token.issuedAt());
  }

  @Test
  void issuerThatIsDownIsUnavailable() {
    Issuer gone = Issuer.start();
    gone.close();
    issuer = Configs.limited(Configs.agent(gone, folder), Duration.ofSeconds(2), 4);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(whenDown(), Duration.ofSeconds(1)));
  }

  // R-CA-6, R-BC-4
  @Test
  void everyCallIsWrittenAndCountedWithoutAnyToken() {
    String digest = granted().digest().toString();
    meet(refusal(), 1);
    acquire();
    meet(Fault.html(), 1);
    acquire();
    audit.close();

    String written = auditLines.toString(UTF_8);
    List<String> lines = written.lines().toList();
    assertThat(lines)
        .hasSize(3 * questions())
        .allMatch(line -> line.contains("\"issuer_call\"") && line.contains("github"));
    assertThat(lines.get(questions() - 1)).contains("granted", digest);
    assertThat(lines.get(2 * questions() - 1)).contains("rejected", refusalCode());
    assertThat(lines.get(3 * questions() - 1)).contains("unavailable", pageCode());
    assertThat(metrics.scrape()).contains(refusalCode(), pageCode());
    assertThat(written + metrics.scrape()).doesNotContain("CANARY", "eyJ");
  }

  TokenOutcome acquire() {
    return acquirer.acquire(request(), time.deadline());
  }

  AccessToken granted() {
    TokenOutcome outcome = acquire();
    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    return ((TokenOutcome.Granted) outcome).token();
  }
}
