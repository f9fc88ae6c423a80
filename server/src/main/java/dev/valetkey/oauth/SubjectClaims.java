package dev.valetkey.oauth;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import dev.valetkey.config.UserRule;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.UserTokenFault;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges the claims of a user token whose signature is good, and makes a subject of them.
 * Immutable.
 */
final class SubjectClaims {
  /** How far the clocks of two machines may be apart. */
  private static final Duration SKEW = Duration.ofSeconds(60);

  private static final int MAX_SUB = 255;

  /**
   * Names of the claim that says which client the token was issued to; the first that is present
   * counts.
   */
  private static final List<String> CLIENT = List.of("azp", "client_id", "appid", "cid");

  private final InstantSource clock;

  SubjectClaims(InstantSource clock) {
    this.clock = clock;
  }

  Verification judge(Claims claims, UserRule rule, TokenDigest ruleDigest) {
    UserTokenFault fault = fault(claims, rule);
    if (fault != null) {
      return new Verification.Invalid(fault);
    }
    Subject subject = subject(claims, rule);
    return new Verification.Verified(subject, ruleDigest, claims.issuedAt(), subject.expiresAt());
  }

  private @Nullable UserTokenFault fault(Claims claims, UserRule rule) {
    Instant now = clock.instant();
    Instant expiresAt = claims.expiresAt();
    if (expiresAt == null) {
      return UserTokenFault.MALFORMED;
    }
    if (!now.isBefore(expiresAt.plus(SKEW))) {
      return UserTokenFault.EXPIRED;
    }
    if (later(claims.notBefore(), now) || later(claims.issuedAt(), now)) {
      return UserTokenFault.NOT_YET_VALID;
    }
    if (Collections.disjoint(claims.audience(), rule.audience())) {
      return UserTokenFault.AUDIENCE;
    }
    if (claims.issuer() == null || claims.subject() == null || !plain(claims.subject())) {
      return UserTokenFault.SUBJECT;
    }
    JsonElement session = claims.json().get(rule.sessionClaim());
    boolean readable =
        session == null
            || session.isJsonNull()
            || session instanceof JsonPrimitive primitive && primitive.isString();
    return readable ? null : UserTokenFault.MALFORMED;
  }

  private static boolean later(@Nullable Instant instant, Instant now) {
    return instant != null && instant.isAfter(now.plus(SKEW));
  }

  /**
   * Not empty, not long, and without characters that end a line or change the direction of writing
   * in an audit log.
   */
  private static boolean plain(String sub) {
    return !sub.isEmpty()
        && sub.length() <= MAX_SUB
        && sub.chars().noneMatch(SubjectClaims::confusing);
  }

  private static boolean confusing(int c) {
    return Character.isISOControl(c)
        || c == 0x061C
        || c == 0x200E
        || c == 0x200F
        || c >= 0x2028 && c <= 0x202E
        || c >= 0x2066 && c <= 0x2069;
  }

  private static Subject subject(Claims claims, UserRule rule) {
    return new Subject(
        Objects.requireNonNull(claims.issuer()),
        Objects.requireNonNull(claims.subject()),
        claims.text(rule.sessionClaim()).filter(sid -> !sid.isEmpty()).orElse(null),
        CLIENT.stream().map(claims::text).flatMap(Optional::stream).findFirst().orElse(null),
        claims.scope() == null ? Set.of() : claims.scope(),
        claims.text("acr").orElse(claims.asJson("acr")),
        claims.asJson("act"),
        claims.asJson("authorization_details"),
        Objects.requireNonNull(claims.expiresAt()));
  }
}
