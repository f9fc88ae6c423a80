package dev.valetkey.gate;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.telemetry.Metrics.ServerMetrics;
import dev.valetkey.token.Target;

/**
 * All that a call to one server needs and that a load can prepare.
 *
 * @param target the server's grant, made ready
 * @param tools its variants for calls of single tools
 * @param withoutUser the grant for calls without a user token, made ready
 * @param metrics the server's counters
 * @param correlates whether calls may be tied to users who called the agent
 * @param number the server's number in {@link HitCounters}
 * @param workloadHits counts calls that used a token of nobody's
 * @param passes counts calls that needed no token
 */
record Lane(
    Target target,
    ToolTargets tools,
    Target withoutUser,
    ServerMetrics metrics,
    boolean correlates,
    int number,
    HitCounters workloadHits,
    HitCounters passes) {

  /** Whether the server has a say in what its tokens are asked for. */
  boolean isNegotiable() {
    return server().discovery() != null || !server().stepUpScope().isEmpty();
  }

  ServerConfig server() {
    return target.server();
  }

  GrantConfig grant() {
    return target.grant();
  }
}
