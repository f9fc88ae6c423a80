package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.UserTokenFault;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a token is a logout token for us (OpenID Connect Back-Channel Logout 1.0 §2.6).
 * Immutable but for the issuers' keys; thread-safe; for virtual threads.
 */
public final class LogoutTokenVerifier {
  private static final String EVENT = "http://schemas.openid.net/event/backchannel-logout";

  /** §2.4: {@code logout+jwt} is recommended; older issuers write none, or that of any JWT. */
  private static final Set<String> TYPES = Set.of("jwt", "logout+jwt", "application/logout+jwt");

  private static final Duration SKEW = Duration.ofSeconds(60);

  /**
   * How old a logout token may be, whatever it says of itself: within this time its {@code jti} is
   * remembered.
   */
  public static final Duration MAX_AGE = Duration.ofMinutes(5);

  /** Longest {@code jti}, {@code sid} and {@code sub}. */
  private static final int MAX_TEXT = 255;

  private final List<Rule> rules;
  private final InstantSource clock;

  /**
   * @param rules for those that have {@code backchannel_logout}
   */
  public LogoutTokenVerifier(List<Rule> rules, InstantSource clock) {
    this.rules = rules.stream().filter(rule -> rule.rule().backchannelLogout()).toList();
    this.clock = clock;
  }

  /** Whether there is anybody whose logout tokens count. */
  public boolean hasIssuers() {
    return !rules.isEmpty();
  }

  public LogoutVerification verify(byte[] token, Deadline deadline) {
    Optional<Jws> jws = Jws.parse(token);
    Optional<Claims> claims = jws.flatMap(parsed -> Claims.of(parsed.payload()));
    if (jws.isEmpty() || claims.isEmpty()) {
      return invalid(UserTokenFault.MALFORMED);
    }
    Rule rule = ruleFor(claims.get().issuer());
    if (rule == null) {
      return invalid(UserTokenFault.ISSUER);
    }
    UserTokenFault fault = claimsFault(claims.get(), rule);
    if (fault == null) {
      // The signature comes last: what cannot be right costs no work with keys.
      fault = signedFault(jws.get(), rule, deadline);
    }
    return fault == null ? verified(claims.get()) : invalid(fault);
  }

  private @Nullable Rule ruleFor(@Nullable String issuer) {
    return rules.stream()
        .filter(rule -> rule.issuer().config().issuer().toString().equals(issuer))
        .findFirst()
        .orElse(null);
  }

  private static @Nullable UserTokenFault signedFault(Jws jws, Rule rule, Deadline deadline) {
    UserTokenFault fault = JwsRules.headerFault(jws.header(), TYPES);
    if (fault != null) {
      return fault;
    }
    Optional<SignatureAlgorithm> algorithm =
        Claims.text(jws.header(), "alg")
            .flatMap(SignatureAlgorithm::of)
            .filter(known -> rule.rule().algorithms().contains(known.name()));
    return algorithm.isEmpty()
        ? UserTokenFault.ALGORITHM
        : JwsRules.signatureFault(jws, algorithm.get(), rule.issuer(), deadline);
  }

  private @Nullable UserTokenFault claimsFault(Claims claims, Rule rule) {
    if (Collections.disjoint(claims.audience(), rule.rule().logoutAudience())) {
      return UserTokenFault.AUDIENCE;
    }
    boolean logout =
        claims.json().get("events") instanceof JsonObject events
            && events.get(EVENT) instanceof JsonObject;
    // §2.4: a nonce is PROHIBITED, so that no ID token passes for a logout token.
    if (!logout || claims.json().has("nonce")) {
      return UserTokenFault.TYPE;
    }
    if (plain(claims, "jti") != Member.TEXT
        || plain(claims, "sid") == Member.BAD
        || plain(claims, "sub") == Member.BAD) {
      return UserTokenFault.MALFORMED;
    }
    if (plain(claims, "sid") == Member.ABSENT && plain(claims, "sub") == Member.ABSENT) {
      return UserTokenFault.SUBJECT;
    }
    return timeFault(claims);
  }

  private @Nullable UserTokenFault timeFault(Claims claims) {
    Instant now = clock.instant();
    Instant issuedAt = claims.issuedAt();
    Instant expiresAt = claims.expiresAt();
    if (issuedAt == null) {
      return UserTokenFault.MALFORMED;
    }
    if (issuedAt.isAfter(now.plus(SKEW))) {
      return UserTokenFault.NOT_YET_VALID;
    }
    boolean old = issuedAt.plus(MAX_AGE).isBefore(now);
    boolean over = expiresAt != null && !now.isBefore(expiresAt.plus(SKEW));
    return old || over ? UserTokenFault.EXPIRED : null;
  }

  private enum Member {
    ABSENT,
    TEXT,
    BAD
  }

  private static Member plain(Claims claims, String name) {
    if (claims.asJson(name) == null) {
      return Member.ABSENT;
    }
    return claims
            .text(name)
            .filter(text -> !text.isEmpty() && text.length() <= MAX_TEXT)
            .isPresent()
        ? Member.TEXT
        : Member.BAD;
  }

  private static LogoutVerification verified(Claims claims) {
    Instant issuedAt = claims.issuedAt();
    String issuer = claims.issuer();
    if (issuedAt == null || issuer == null) {
      throw new IllegalStateException("both were checked");
    }
    return new LogoutVerification.Verified(
        new LogoutToken(
            issuer,
            claims.text("sid").orElse(null),
            claims.text("sub").orElse(null),
            claims.text("jti").orElse(""),
            issuedAt));
  }

  private static LogoutVerification invalid(UserTokenFault fault) {
    return new LogoutVerification.Invalid(fault);
  }
}
