package dev.valetkey.acquire;

import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.AuditEvent;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes one audit line and one metric per issuer call, in the words of docs/reasons.md.
 * Thread-safe.
 */
final class CallRecord {
  private final Metrics metrics;
  private final Audit audit;

  CallRecord(Metrics metrics, Audit audit) {
    this.metrics = metrics;
    this.audit = audit;
  }

  /**
   * @param issuer its name in the configuration
   * @param narrower whether a token was given for less than the scope that was asked for
   */
  void write(
      TokenRequest request, String issuer, TokenOutcome outcome, boolean narrower, Duration took) {
    switch (outcome) {
      case TokenOutcome.Granted granted -> {
        metrics.issuerCall(issuer, "ok", took);
        audit(
            request,
            "granted",
            narrower ? "scope_narrowed" : null,
            granted.token().digest().toString(),
            took);
      }
      case TokenOutcome.Rejected rejected -> {
        String reason = reason(rejected.rejection());
        metrics.issuerCall(issuer, reason, took);
        audit(request, "rejected", reason, null, took);
      }
      case TokenOutcome.Unavailable unavailable -> {
        String reason = reason(unavailable.cause());
        metrics.issuerCall(issuer, reason, took);
        audit(request, "unavailable", reason, null, took);
      }
    }
  }

  private void audit(
      TokenRequest request,
      String decision,
      @Nullable String reason,
      @Nullable String token,
      Duration took) {
    User user = request.user();
    audit.write(
        new AuditEvent(
            "issuer_call",
            request.target().server().name(),
            decision,
            reason,
            user == null ? null : user.issuer(),
            user == null ? null : user.sub(),
            user == null ? null : user.session().id().toString(),
            token,
            null,
            took.toMillis(),
            1));
  }

  private static String reason(Rejection rejection) {
    return rejection == Rejection.OTHER_ERROR
        ? "issuer_error"
        : rejection.name().toLowerCase(Locale.ROOT);
  }

  private static String reason(TokenOutcome.Cause cause) {
    return switch (cause) {
      case UNREACHABLE -> "issuer_unavailable";
      case BUSY -> "issuer_busy";
      case RATE_LIMIT -> "issuer_rate_limit";
      case DEADLINE -> "deadline";
      case METADATA -> "server_metadata";
      case CONSENT -> "consent_timeout";
      case BROKER -> "broker_error";
      case ANSWER -> "issuer_answer";
    };
  }
}
