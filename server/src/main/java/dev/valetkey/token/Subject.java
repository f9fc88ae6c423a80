package dev.valetkey.token;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The user a verified token speaks for. Every field comes from a claim whose signature was checked.
 *
 * @param issuer {@code iss}
 * @param sub {@code sub}; never empty
 * @param sid the session at the issuer (the rule's {@code session_claim}); null if the token has
 *     none
 * @param client {@code azp}, {@code client_id}, {@code appid} or {@code cid}, the first that is
 *     present; null if none is
 * @param scope {@code scope} or {@code scp}, split; empty if the token has none
 * @param acr {@code acr}; null if absent
 * @param act {@code act} as JSON; null if absent
 * @param authorizationDetails {@code authorization_details} as JSON (RFC 9396); null if absent
 * @param expiresAt {@code exp}
 */
public record Subject(
    String issuer,
    String sub,
    @Nullable String sid,
    @Nullable String client,
    Set<String> scope,
    @Nullable String acr,
    @Nullable String act,
    @Nullable String authorizationDetails,
    Instant expiresAt) {
  public Subject {
    if (issuer.isEmpty() || sub.isEmpty()) {
      throw new IllegalArgumentException("a subject has an issuer and a sub");
    }
    scope = Set.copyOf(scope);
  }

  /**
   * What ties the requests of one user together: {@code (issuer, sid)}, else {@code (issuer, sub,
   * client)}.
   */
  public TokenDigest sessionId() {
    return sid != null
        ? new Fields().add("sid").add(issuer).add(sub).add(sid).digest()
        : new Fields().add("sub").add(issuer).add(sub).add(client).digest();
  }

  /**
   * The session part of the cache key: change any of these and another token is fetched (design.md
   * §6).
   *
   * @param rule digest of the rule that admitted the user token
   */
  public TokenDigest keyPart(TokenDigest rule) {
    return new Fields()
        .add(issuer)
        .add(sub)
        .add(sid)
        .add(client)
        .addSet(scope)
        .add(acr)
        .add(act)
        .add(authorizationDetails)
        .add(rule.hex())
        .digest();
  }
}
