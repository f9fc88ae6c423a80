package dev.valetkey.gate;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.telemetry.Metrics.ServerMetrics;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * All that a call to one server needs and that a load can prepare.
 *
 * @param server the server
 * @param target its grant, made ready
 * @param withoutUser the grant for calls without a user token, made ready
 * @param workload the request of a grant that needs no user; null where {@code target} needs one
 * @param metrics the server's counters
 * @param number the server's number in {@link HitCounters}
 * @param workloadHits counts calls without a user
 */
record Lane(
    ServerConfig server,
    Target target,
    Target withoutUser,
    @Nullable TokenRequest workload,
    ServerMetrics metrics,
    int number,
    HitCounters workloadHits) {

  static Lane of(
      Target target,
      Target withoutUser,
      ServerMetrics metrics,
      int number,
      HitCounters workloadHits) {
    TokenRequest workload =
        target.grant().needsUser() ? null : new TokenRequest(target, null, Duration.ZERO);
    return new Lane(target.server(), target, withoutUser, workload, metrics, number, workloadHits);
  }

  GrantConfig grant() {
    return target.grant();
  }
}
