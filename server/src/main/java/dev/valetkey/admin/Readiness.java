package dev.valetkey.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether calls are answered with more than refusals, and how each issuer is doing. Never blocks.
 * Thread-safe.
 */
public interface Readiness {
  /** True once every issuer was tried and the self-checks ran; never false again. */
  boolean ready();

  /** One for each configured issuer. */
  List<IssuerState> issuers();

  /**
   * How one issuer is doing. The agent can read it.
   *
   * @param name its key in the configuration
   * @param detail a cause or code for a person, never text of the issuer's; null: nothing to add
   */
  record IssuerState(String name, State state, @Nullable String detail) {}

  /** What was found when an issuer's keys were last fetched. */
  enum State {
    /** Not tried yet. */
    PENDING,
    /** Its keys are known. */
    OK,
    /** It could not be reached or read: its servers get 503. */
    FAILED
  }
}
