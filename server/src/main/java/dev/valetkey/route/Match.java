package dev.valetkey.route;

import dev.valetkey.call.Reason;

/** What the route table says to a call. */
public sealed interface Match permits Route, Match.Mismatch {

  /** The call belongs to no server. */
  record Mismatch(Reason reason) implements Match {}
}
