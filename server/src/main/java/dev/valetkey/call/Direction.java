package dev.valetkey.call;

/**
 * What kind of check this is, as Envoy's route says it in {@code context_extensions}; never taken
 * from a header.
 */
public enum Direction {
  /** A request of the agent to a listed server. */
  OUTBOUND,
  /** The second attempt after a server's 401; the check carries the token that was refused. */
  RETRY,
  /** A request to a host that is not a server. */
  UNLISTED,
  /** A request of a user to the agent. */
  INBOUND,
  /** The route did not say, or said something else: refused. */
  UNKNOWN
}
