package dev.valetkey.acquire;

import dev.valetkey.token.Deadline;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;

/** Gets a token from whoever gives it, without remembering anything. Thread-safe. */
public interface Acquirer {

  /**
   * A fresh token that passed the target's {@code expect}. One whose end is not known and has no
   * default lifetime comes with {@code expiresAt == issuedAt}: it may be used once.
   */
  TokenOutcome acquire(TokenRequest request, Deadline deadline);
}
