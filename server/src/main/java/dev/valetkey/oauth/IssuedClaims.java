package dev.valetkey.oauth;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an issued JWT says about itself. The signature is not checked: the token came from the
 * issuer over TLS.
 *
 * @param audience {@code aud} as a list; empty if absent
 * @param scope {@code scope}, else {@code scp}, split; null if the token has neither
 * @param actor {@code act} as JSON; null unless it is an object that is not empty
 */
public record IssuedClaims(
    @Nullable String issuer,
    List<String> audience,
    @Nullable String subject,
    @Nullable Instant expiresAt,
    @Nullable Set<String> scope,
    @Nullable String actor) {
  public IssuedClaims {
    audience = List.copyOf(audience);
    scope = scope == null ? null : Set.copyOf(scope);
  }
}
