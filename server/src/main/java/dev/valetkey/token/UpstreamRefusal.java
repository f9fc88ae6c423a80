package dev.valetkey.token;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server's 401 or 403 that reached the agent although its call carried a token of ours.
 *
 * @param challenges values of {@code WWW-Authenticate}
 * @param dpopNonce {@code DPoP-Nonce} (RFC 9449 §9); null: none
 */
public record UpstreamRefusal(int status, List<String> challenges, @Nullable String dpopNonce) {
  public UpstreamRefusal {
    challenges = List.copyOf(challenges);
  }
}
