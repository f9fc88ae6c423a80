package dev.valetkey.gate;

import dev.valetkey.call.Decision;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.Reason;
import dev.valetkey.config.Config;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.SubjectResolver;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Target;
import dev.valetkey.token.TargetChooser;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenProvider;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.UpstreamRefusal;
import dev.valetkey.token.User;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Judges every call: which server, which user, which token, and whatever is not a clear yes is a
 * refusal.
 *
 * <p>There are two lanes made of the same steps. {@link #answerNow} runs on Envoy's event loop and
 * gives up where it would have to wait; {@link #decide} runs on a virtual thread and waits. A step
 * that would wait returns null when it has no deadline to wait for.
 */
public final class Gate {
  private final InboundUsers inboundUsers;
  private final TokenProvider tokens;
  private final Audit audit;
  private final Metrics metrics;
  private final Journal journal;

  /** Used by the event loop alone. */
  private final Planner loopPlanner = new Planner();

  private volatile Snapshot snapshot;

  /** A gate that judges by {@code config} until {@link #use} gives it another. */
  public Gate(
      Config config,
      SubjectResolver users,
      InboundUsers inboundUsers,
      TargetChooser targets,
      TokenProvider tokens,
      Audit audit,
      Metrics metrics,
      LongSupplier nanoTime) {
    this.inboundUsers = inboundUsers;
    this.tokens = tokens;
    this.audit = audit;
    this.metrics = metrics;
    this.journal = new Journal(audit, metrics, nanoTime);
    this.snapshot = Snapshot.of(config, users, inboundUsers, targets, audit, metrics);
  }

  /**
   * Judges by another configuration from the next call on; calls that are being judged end under
   * the old one.
   */
  public void use(Config config, SubjectResolver users, TargetChooser targets) {
    snapshot = Snapshot.of(config, users, inboundUsers, targets, audit, metrics);
  }

  /**
   * The decision, if it can be had without waiting and without verifying a signature; null: copy
   * the call and ask {@link #decide}. Only for Envoy's event loop.
   */
  public @Nullable Decision answerNow(HttpCall call) {
    return judge(call, loopPlanner, null);
  }

  /** The decision, at {@code deadline} at the latest. */
  public Decision decide(HttpCall call, Deadline deadline) {
    Decision decision = judge(call, new Planner(), deadline);
    if (decision == null) {
      throw new IllegalStateException("a step gave up although it had a deadline");
    }
    return decision;
  }

  /**
   * A server's 401 or 403 reached the agent although it carried this token: the next call gets
   * another one, unless the server only wanted another proof.
   */
  public void upstreamRefused(TokenDigest token, UpstreamRefusal refusal) {
    TokenRequest request = tokens.issuedFor(token);
    boolean good = request != null && snapshot.targets().refused(request, refusal);
    if (!good) {
      tokens.forget(token);
    }
  }

  /** The refusal of a call that could not be judged: malformed, one too many, or a bug was met. */
  public Decision unjudged(Reason reason) {
    if (reason == Reason.INTERNAL) {
      metrics.internalError();
    }
    return journal.refuse(null, null, reason, false);
  }

  private @Nullable Decision judge(HttpCall call, Planner planner, @Nullable Deadline deadline) {
    Snapshot now = snapshot;
    return switch (planner.plan(call, now, deadline)) {
      case null -> null;
      case Plan.Refuse refuse ->
          journal.refuse(refuse.lane(), refuse.user(), refuse.reason(), CallKind.isMcp(call));
      case Plan.Pass pass -> journal.pass(pass.lane(), pass.edits(), call);
      case Plan.Admit admit -> journal.admit(admit.user(), admit.edits(), deadline != null);
      case Plan.Ask ask -> token(call, ask, now.targets(), deadline);
      case Plan.Renew renew -> deadline == null ? null : renewed(call, renew, deadline);
    };
  }

  private @Nullable Decision token(
      HttpCall call, Plan.Ask ask, TargetChooser targets, @Nullable Deadline deadline) {
    if (!ask.lane().isNegotiable()) {
      return token(call, ask, ask.request(), deadline);
    }
    TokenRequest asked = ask.request();
    Target known = targets.known(asked.target(), asked.user());
    if (known != null) {
      return token(call, ask, asked.of(known), deadline);
    }
    if (deadline == null) {
      return null;
    }
    return switch (targets.find(asked.target(), asked.user(), deadline)) {
      case TargetChooser.Choice.Chosen chosen ->
          token(call, ask, asked.of(chosen.target()), deadline);
      case TargetChooser.Choice.Nothing nothing ->
          withoutToken(call, ask.lane(), asked.user(), nothing.why());
    };
  }

  private @Nullable Decision token(
      HttpCall call, Plan.Ask ask, TokenRequest request, @Nullable Deadline deadline) {
    User user = request.user();
    TokenOutcome outcome = tokens.known(request);
    if (outcome instanceof Granted granted) {
      // A proof of possession is a signature, and too dear for the event loop.
      return deadline == null && granted.token().proofKey() != null
          ? null
          : journal.hit(ask.lane(), user, granted.token(), call);
    }
    long started = journal.now();
    if (outcome == null) {
      if (deadline == null) {
        return null;
      }
      outcome = tokens.get(request, deadline);
    }
    return outcome instanceof Granted granted
        ? journal.fresh(ask.lane(), user, granted.token(), "miss", started, call)
        : withoutToken(call, ask.lane(), user, outcome);
  }

  private Decision withoutToken(
      HttpCall call, Lane lane, @Nullable User user, TokenOutcome outcome) {
    return switch (outcome) {
      case Granted granted -> throw new IllegalArgumentException("there is a token");
      case Rejected rejected -> refuse(call, lane, user, Reasons.of(rejected.rejection()));
      case Unavailable unavailable -> unavailable(call, lane, user, unavailable);
    };
  }

  private Decision renewed(HttpCall call, Plan.Renew renew, Deadline deadline) {
    Lane lane = renew.lane();
    long started = journal.now();
    return switch (tokens.renew(renew.refused(), lane.server().name(), deadline)) {
      case null -> refuse(call, lane, null, Reason.UNKNOWN_RETRY);
      case Granted granted -> journal.fresh(lane, null, granted.token(), "renewed", started, call);
      case Rejected rejected -> withoutToken(call, lane, null, rejected);
      case Unavailable unavailable -> withoutToken(call, lane, null, unavailable);
    };
  }

  private Decision refuse(HttpCall call, Lane lane, @Nullable User user, Reason reason) {
    return journal.refuse(lane, user, reason, CallKind.isMcp(call));
  }

  private Decision unavailable(
      HttpCall call, Lane lane, @Nullable User user, Unavailable unavailable) {
    Refuse refuse =
        journal.refuse(lane, user, Reasons.of(unavailable.cause()), CallKind.isMcp(call));
    if (refuse.reason().status() != 503) {
      return refuse;
    }
    long seconds = Math.max(1, unavailable.retryAfter().plusMillis(999).toSeconds());
    return new Refuse(refuse.reason(), (int) Math.min(seconds, 300), refuse.mcp());
  }
}
