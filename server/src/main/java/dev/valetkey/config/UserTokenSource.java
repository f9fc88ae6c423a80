package dev.valetkey.config;

/** A place in the request where a user token may be, or what else tells the user. */
public sealed interface UserTokenSource {

  /** {@code authorization}: the header of that name, wherever Envoy has moved it. */
  record Authorization() implements UserTokenSource {}

  /**
   * {@code header:<name>}: a header of the agent's; a bare token or {@code Bearer} and a token.
   *
   * @param name in lower case
   */
  record Header(String name) implements UserTokenSource {}

  /** What ties a call to a user who called the agent before. */
  sealed interface Correlator extends UserTokenSource {}

  /**
   * {@code handle}: what the agent was given instead of the user token, in {@code Authorization} or
   * in {@code baggage}.
   */
  record Handle() implements Correlator {}

  /** {@code trace}: the trace id of {@code traceparent}, if it was first seen inbound. */
  record TraceId() implements Correlator {}

  /** {@code workload}: the only user there is. */
  record Workload() implements Correlator {}
}
