package dev.valetkey.token;

import org.jspecify.annotations.Nullable;

/**
 * Tells what a call's token is asked for where servers have a say in it: their metadata may name
 * the issuer and the scope, their refusals may widen the scope. Everything within what the
 * configuration allows. Thread-safe.
 */
public interface TargetChooser {

  /** Leaves every target as it is configured. */
  TargetChooser AS_CONFIGURED =
      new TargetChooser() {
        @Override
        public Target known(Target configured, @Nullable User user) {
          return configured;
        }

        @Override
        public Choice find(Target configured, @Nullable User user, Deadline deadline) {
          return new Choice.Chosen(configured);
        }

        @Override
        public boolean refused(TokenRequest issuedFor, UpstreamRefusal refusal) {
          return false;
        }
      };

  /** What came of choosing. */
  sealed interface Choice {
    record Chosen(Target target) implements Choice {}

    record Nothing(TokenOutcome why) implements Choice {}
  }

  /**
   * The target in force; null: {@link #find} must be asked. Never blocks; called on Envoy's event
   * loop.
   */
  @Nullable Target known(Target configured, @Nullable User user);

  /** The target in force; asks the server until {@code deadline} at the latest. */
  Choice find(Target configured, @Nullable User user, Deadline deadline);

  /**
   * Learns from a server's refusal. Never blocks.
   *
   * @return whether the token is as good as before: the server wanted another proof with it
   */
  boolean refused(TokenRequest issuedFor, UpstreamRefusal refusal);
}
