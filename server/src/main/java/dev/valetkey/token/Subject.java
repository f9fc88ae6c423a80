package dev.valetkey.token;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The user a token speaks for. Every field comes from a claim whose signature was checked, or from
 * the issuer's own word about the token; a user without a name has a token's digest instead.
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
 * @param unnamed digest of a token of which nothing is known but that it is this one; null: the
 *     user is known by {@code sub}
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
    Instant expiresAt,
    @Nullable TokenDigest unnamed) {
  public Subject {
    if (issuer.isEmpty() || sub.isEmpty()) {
      throw new IllegalArgumentException("a subject has an issuer and a sub");
    }
    scope = Set.copyOf(scope);
  }

  /** A user who is known by {@code sub}. */
  public Subject(
      String issuer,
      String sub,
      @Nullable String sid,
      @Nullable String client,
      Set<String> scope,
      @Nullable String acr,
      @Nullable String act,
      @Nullable String authorizationDetails,
      Instant expiresAt) {
    this(issuer, sub, sid, client, scope, acr, act, authorizationDetails, expiresAt, null);
  }

  /**
   * The user of a token that only the token exchange can judge. What stands for {@code sub} is for
   * people to read.
   *
   * @param issuer whose token it would be
   * @param expiresAt when it is to be judged again
   */
  public static Subject unnamed(String issuer, TokenDigest token, Instant expiresAt) {
    return new Subject(
        issuer,
        "token " + token.shortHex(),
        null,
        null,
        Set.of(),
        null,
        null,
        null,
        expiresAt,
        token);
  }

  /** Whether {@code sub} is the user's name at the issuer. */
  public boolean isNamed() {
    return unnamed == null;
  }

  /**
   * What ties the requests of one user together: {@code (issuer, sid)}, else {@code (issuer, sub,
   * client)}, else the token's hash.
   */
  public TokenDigest sessionId() {
    if (unnamed != null) {
      return new Fields().add("token").add(issuer).add(unnamed.hex()).digest();
    }
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
    if (unnamed != null) {
      return new Fields().add("token").add(issuer).add(unnamed.hex()).add(rule.hex()).digest();
    }
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
