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
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every grant that asks an issuer does alike. */
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

  /** A request that a healthy issuer grants. */
  abstract TokenRequest request();

  /** What an OAuth error means for this grant. */
  abstract Rejection meaningOf(String code);

  @Test
  void tokenComesReadyToBeSent() {
    AccessToken token = granted();

    assertThat(new String(token.authorization(), UTF_8))
        .isEqualTo("Bearer " + corp.issuedTokens().getLast());
    assertThat(token.expiresAt() - token.issuedAt()).isBetween(298_000L, 300_000L);
  }

  @Test
  void jwtThatEndsBeforeExpiresInCounts() {
    long soon = time.instant().getEpochSecond() + 100;
    corp.faults().token(Fault.issuedClaims(claims -> claims.put("exp", soon)), 1);

    AccessToken token = granted();

    assertThat(token.expiresAt() - token.issuedAt()).isBetween(98_000L, 100_000L);
  }

  @Test
  void missingExpiresInLeavesTheJwtsEnd() {
    corp.faults().token(Fault.json(body -> body.remove("expires_in")), 1);

    AccessToken token = granted();

    assertThat(token.expiresAt() - token.issuedAt()).isBetween(298_000L, 300_000L);
  }

  @Test
  void tokenOfAnIssuerWhoseClockIsBehindIsUsedOnce() {
    long past = time.instant().getEpochSecond() - 30;
    corp.faults().token(Fault.issuedClaims(claims -> claims.put("exp", past)), 1);

    AccessToken token = granted();

    assertThat(token.expiresAt()).isEqualTo(token.issuedAt());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -5})
  void tokenThatHasExpiredIsRefused(long expiresIn) {
    corp.faults().token(Fault.json(body -> body.put("expires_in", expiresIn)), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_EXPIRED));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invalid_grant",
        "invalid_request",
        "invalid_target",
        "invalid_scope",
        "access_denied",
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "interaction_required"
      })
  void oauthErrorIsARejection(String code) {
    corp.faults().token(Fault.oauthError(code), Faults.ALWAYS);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(meaningOf(code)));
  }

  @ParameterizedTest
  @CsvSource({"500, UNREACHABLE", "404, ANSWER"})
  void failureIsNoRejection(int status, Cause cause) {
    corp.faults().token(Fault.status(status), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Unavailable(cause, Duration.ofSeconds(1)));
  }

  // R-TX-3, R-TX-4: what is not meant for a header never gets into one.
  @ParameterizedTest
  @ValueSource(strings = {"N_A", "DPoP", "missing"})
  void tokenTypeThatIsNoBearersIsNoAnswer(String type) {
    corp.faults()
        .token(
            Fault.json(body -> {
              if (type.equals("missing")) {
                body.remove("token_type");
              } else {
                body.put("token_type", type);
              }
            }),
            1);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
  }

  @Test
  void issuerThatIsDownIsUnavailable() {
    Issuer gone = Issuer.start();
    gone.close();
    issuer = Configs.limited(Configs.agent(gone, folder), Duration.ofSeconds(2), 4);

    assertThat(acquire())
        .isEqualTo(new TokenOutcome.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(1)));
  }

  @Test
  void everyCallIsWrittenAndCountedWithoutAnyToken() {
    String digest = granted().digest().toString();
    corp.faults().token(Fault.oauthError("invalid_target"), 1);
    acquire();
    corp.faults().token(Fault.html(), 1);
    acquire();
    audit.close();

    String written = auditLines.toString(UTF_8);
    List<String> lines = written.lines().toList();
    assertThat(lines).hasSize(3).allMatch(line -> line.contains("\"issuer_call\""));
    assertThat(lines.get(0)).contains("granted", digest, "github");
    assertThat(lines.get(1)).contains("rejected", "invalid_target");
    assertThat(lines.get(2)).contains("unavailable", "issuer_answer");
    assertThat(metrics.scrape()).contains("invalid_target", "issuer_answer");
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
