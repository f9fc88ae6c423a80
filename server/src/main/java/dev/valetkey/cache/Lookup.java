package dev.valetkey.cache;

import dev.valetkey.token.Rejection;
import java.time.Instant;

/** What the cache would answer, without anything being done about it. */
public sealed interface Lookup {

  /** This token would be sent. */
  record Hit(CachedToken token) implements Lookup {}

  /**
   * The call would be refused without asking the issuer.
   *
   * @param until when the issuer may be asked again at the latest
   */
  record Remembered(Rejection rejection, Instant until) implements Lookup {}

  /** The issuer would be asked. */
  record Miss() implements Lookup {}
}
