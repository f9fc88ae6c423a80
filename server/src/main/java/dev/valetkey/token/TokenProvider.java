package dev.valetkey.token;

import org.jspecify.annotations.Nullable;

/** Gives the token for a server and a user. Thread-safe. */
public interface TokenProvider {

  /**
   * What is known already: a usable token, or a remembered rejection. Null: {@link #get} must be
   * asked. Never blocks; called on Envoy's event loop.
   */
  @Nullable TokenOutcome known(TokenRequest request);

  /**
   * A token, from memory or from the issuer. Waits until {@code deadline} at the latest; for
   * virtual threads.
   */
  TokenOutcome get(TokenRequest request, Deadline deadline);

  /**
   * Another token in place of one that {@code server} answered with 401 (design.md §7).
   *
   * @param refused digest of that token's text
   * @return null when the token is not one of ours for this server
   */
  @Nullable TokenOutcome renew(TokenDigest refused, String server, Deadline deadline);

  /** What this token was issued for; null: it is none of ours, or ended long ago. Never blocks. */
  @Nullable TokenRequest issuedFor(TokenDigest token);

  /**
   * The next call shall not use this token any more: a server refused it and the refusal stayed.
   * Never blocks.
   */
  void forget(TokenDigest refused);
}
