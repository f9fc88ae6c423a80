package dev.valetkey.admin;

import java.util.List;
import java.util.OptionalInt;

/** The sessions that are alive, known by digest. May block. Thread-safe. */
public interface SessionDirectory {
  /** All live sessions, in any order. */
  List<LiveSession> sessions();

  /**
   * Ends a session and drops every token that was issued for it.
   *
   * @param id the whole {@link LiveSession#id}
   * @return how many tokens were dropped; empty, and nothing changed, if no live session has this
   *     id
   */
  OptionalInt end(String id);
}
