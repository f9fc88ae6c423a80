package dev.valetkey.gate;

import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.AuditEvent;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.ProofKey;
import dev.valetkey.token.User;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns outcomes into decisions and tells the audit log and the metrics of each, so that none can
 * be forgotten.
 */
final class Journal {
  private final Audit audit;
  private final Metrics metrics;
  private final LongSupplier nanoTime;

  Journal(Audit audit, Metrics metrics, LongSupplier nanoTime) {
    this.audit = audit;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
  }

  /** Where the time of a decision begins. */
  long now() {
    return nanoTime.getAsLong();
  }

  /** Forwards without a token. */
  Forward pass(@Nullable Lane lane, HeaderEdits edits, HttpCall call) {
    if (lane != null) {
      lane.metrics().without();
      if (lane.passes().hit(lane.number())) {
        audit.write(event(lane, null, "forward", null, null, null, -1));
      }
    }
    return forward(edits, null, call);
  }

  /**
   * Lets a user's call go on to the agent.
   *
   * @param first whether the user token was not known before
   */
  Forward admit(User user, HeaderEdits edits, boolean first) {
    metrics.admitted();
    if (first) {
      audit.write(
          new AuditEvent(
              "inbound",
              null,
              "forward",
              null,
              user.issuer(),
              user.sub(),
              user.session().id().shortHex(),
              null,
              null,
              -1,
              1));
    }
    return new Forward(edits);
  }

  /** Forwards with a token that was there. */
  Forward hit(Lane lane, @Nullable User user, AccessToken token, HttpCall call) {
    lane.metrics().hit();
    HitCounters hits = user == null ? lane.workloadHits() : user.session().hits();
    if (hits.hit(lane.number()) || audit.eachHit()) {
      audit.write(event(lane, user, "forward", null, token, "hit", -1));
    }
    return forward(lane, token, call);
  }

  /**
   * Forwards with a token that had to be waited for.
   *
   * @param cache {@code miss} or {@code renewed}
   */
  Forward fresh(
      Lane lane,
      @Nullable User user,
      AccessToken token,
      String cache,
      long started,
      HttpCall call) {
    lane.metrics().miss();
    audit.write(
        event(
            lane,
            user,
            "forward",
            null,
            token,
            cache,
            TimeUnit.NANOSECONDS.toMillis(now() - started)));
    return forward(lane, token, call);
  }

  /**
   * @param lane null: the call belongs to no server
   */
  Refuse refuse(@Nullable Lane lane, @Nullable User user, Reason reason, boolean mcp) {
    if (lane == null) {
      metrics.refused(reason.code());
    } else {
      lane.metrics().refused(reason.code());
    }
    audit.write(event(lane, user, "refuse", reason, null, null, -1));
    return new Refuse(reason, reason.status() == 503 ? 1 : 0, mcp);
  }

  private static Forward forward(Lane lane, AccessToken token, HttpCall call) {
    ProofKey key = token.proofKey();
    HeaderEdits edits =
        key == null
            ? HeaderEdits.authorization(token.authorization())
            : HeaderEdits.proven(
                token.authorization(),
                HttpCall.ascii(
                    key.proof(
                        call.text(Part.METHOD), lane.server().url(), path(call), token.digest())));
    return forward(edits, token.correlation(), call);
  }

  /** Our own traces stay in the pod. */
  private static Forward forward(HeaderEdits edits, byte @Nullable [] correlation, HttpCall call) {
    return new Forward(edits.withBaggage(Baggage.withoutOurs(call)), correlation);
  }

  private static String path(HttpCall call) {
    String path = call.text(Part.PATH);
    int end = path.indexOf('?');
    return end < 0 ? path : path.substring(0, end);
  }

  private static AuditEvent event(
      @Nullable Lane lane,
      @Nullable User user,
      String decision,
      @Nullable Reason reason,
      @Nullable AccessToken token,
      @Nullable String cache,
      long millis) {
    return new AuditEvent(
        "call",
        lane == null ? null : lane.server().name(),
        decision,
        reason == null ? null : reason.code(),
        user == null ? null : user.issuer(),
        user == null ? null : user.sub(),
        user == null ? null : user.session().id().shortHex(),
        token == null ? null : token.digest().shortHex(),
        cache,
        millis,
        1);
  }
}
