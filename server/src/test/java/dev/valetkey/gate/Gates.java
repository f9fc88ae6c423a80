package dev.valetkey.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Decision;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.TestCall;
import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.Config;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.TargetChooser;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;

/** A gate between fakes, whose clock stands still. */
public final class Gates {
  /** Nobody reads its lines here; one for all, because each has a thread. */
  private static final Audit AUDIT =
      new Audit(
          new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN),
          OutputStream.nullOutputStream(),
          () -> Instant.EPOCH,
          new Metrics());

  final FakeSubjects users = new FakeSubjects();
  final FakeTokens tokens = new FakeTokens();
  final Gate gate;

  private Gates(Config config) {
    gate = gate(config, users, tokens);
  }

  static Gates of(Config config) {
    return new Gates(config);
  }

  public static Gate gate(Config config, FakeSubjects users, FakeTokens tokens) {
    return gate(config, users, inboundUsers(), tokens);
  }

  static Gate gate(
      Config config, FakeSubjects users, InboundUsers inboundUsers, FakeTokens tokens) {
    return new Gate(
        config,
        users,
        inboundUsers,
        TargetChooser.AS_CONFIGURED,
        tokens,
        AUDIT,
        new Metrics(),
        () -> 0);
  }

  /** Nobody has called the agent yet. */
  public static InboundUsers inboundUsers() {
    return new InboundUsers(() -> Instant.EPOCH, new SecureRandom());
  }

  Decision judge(TestCall call) {
    return judge(call.build());
  }

  /** The slow lane's decision; where the fast lane has one, it must be the same. */
  Decision judge(HttpCall call) {
    Decision now = gate.answerNow(call);
    Decision decided = gate.decide(call.copy(), deadline());
    if (now != null) {
      assertThat(now).isEqualTo(decided);
    }
    return decided;
  }

  static Deadline deadline() {
    return Deadline.after(Duration.ofSeconds(5), () -> 0);
  }
}
