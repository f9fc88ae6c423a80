package dev.valetkey.call;

import org.jspecify.annotations.Nullable;

/** The answer to one check. */
public sealed interface Decision {

  /**
   * The request may go on.
   *
   * @param edits how its headers change
   * @param correlation opaque bytes (the digest of the issued token) that Envoy gives back in its
   *     access log when the server answers 401 or 403; null where there is no token
   */
  record Forward(HeaderEdits edits, byte @Nullable [] correlation) implements Decision {
    /** Without a token. */
    public Forward(HeaderEdits edits) {
      this(edits, null);
    }
  }

  /**
   * The agent gets our answer and the request goes nowhere.
   *
   * @param reason why, as a stable code
   * @param retryAfterSeconds value of {@code Retry-After}; 0: none. Only with status 503
   * @param mcp whether the agent's library reads JSON-RPC errors and not problem JSON
   */
  record Refuse(Reason reason, int retryAfterSeconds, boolean mcp) implements Decision {}
}
