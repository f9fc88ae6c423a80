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
 * @param actorSubject {@code sub} of the outermost {@code act}, the only one that counts (RFC 8693
 *     §4.1)
 * @param mayAct who may act for the subject (RFC 8693 §4.4); null: not said
 * @param clientId {@code client_id}
 * @param certificateThumbprint {@code x5t#S256} of {@code cnf} (RFC 8705 §3.1)
 * @param keyThumbprint {@code jkt} of {@code cnf} (RFC 9449 §6.1)
 */
public record IssuedClaims(
    @Nullable String issuer,
    List<String> audience,
    @Nullable String subject,
    @Nullable Instant expiresAt,
    @Nullable Set<String> scope,
    @Nullable String actor,
    @Nullable String actorSubject,
    @Nullable MayAct mayAct,
    @Nullable String clientId,
    @Nullable String certificateThumbprint,
    @Nullable String keyThumbprint) {
  public IssuedClaims {
    audience = List.copyOf(audience);
    scope = scope == null ? null : Set.copyOf(scope);
  }

  /** {@code may_act}: null members may be anybody's. */
  public record MayAct(@Nullable String issuer, @Nullable String subject) {}
}
