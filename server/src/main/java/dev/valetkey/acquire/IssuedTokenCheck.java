package dev.valetkey.acquire;

import dev.valetkey.config.ExpectConfig;
import dev.valetkey.oauth.IssuedClaims;
import dev.valetkey.oauth.IssuedToken;
import dev.valetkey.oauth.TokenAnswer;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks at an issued token before it is used: an issuer's yes is not enough, because issuers leave
 * out, ignore and widen what they were asked for (design.md §5). The signature is not checked
 * again. Immutable.
 */
final class IssuedTokenCheck {
  /** How far the issuer's clock may be behind or before ours. */
  private static final Duration SKEW = Duration.ofSeconds(60);

  private final InstantSource clock;

  IssuedTokenCheck(InstantSource clock) {
    this.clock = clock;
  }

  /** The token, or the first thing that is wrong with it. */
  TokenOutcome judge(TokenRequest request, TokenAnswer.Success success) {
    ExpectConfig expect = request.target().expect();
    Rejection fault;
    Instant end = null;
    switch (IssuedToken.read(success.accessToken())) {
      case IssuedToken.Jwt jwt -> {
        fault = fault(expect, jwt.claims(), request.user());
        end = jwt.claims().expiresAt();
      }
      case IssuedToken.Opaque opaque ->
          fault = expect.format() == ExpectConfig.Format.JWT ? Rejection.ISSUED_FORMAT : null;
      case IssuedToken.Broken broken -> fault = Rejection.ISSUED_FORMAT;
    }
    if (fault == null && wider(success.scope(), expect)) {
      fault = Rejection.ISSUED_SCOPE;
    }
    return fault == null ? lasting(request, success, end) : new TokenOutcome.Rejected(fault);
  }

  private static @Nullable Rejection fault(
      ExpectConfig expect, IssuedClaims claims, @Nullable User user) {
    if (expect.iss() != null && !expect.iss().toString().equals(claims.issuer())) {
      return Rejection.ISSUED_ISSUER;
    }
    List<String> audience = expect.audience();
    if (!audience.isEmpty() && !claims.audience().contains(audience.getFirst())) {
      return Rejection.ISSUED_AUDIENCE;
    }
    if (!audience.isEmpty() && !audience.containsAll(claims.audience())) {
      return Rejection.ISSUED_EXTRA_AUDIENCE;
    }
    if (expect.sub() == ExpectConfig.Sub.SAME
        && user != null
        && !user.sub().equals(claims.subject())) {
      return Rejection.ISSUED_SUBJECT;
    }
    if (expect.act() == ExpectConfig.Act.REQUIRED && claims.actor() == null) {
      return Rejection.ISSUED_ACTOR;
    }
    return wider(claims.scope(), expect) ? Rejection.ISSUED_SCOPE : null;
  }

  private static boolean wider(@Nullable Set<String> scope, ExpectConfig expect) {
    List<String> allowed = expect.scope();
    return scope != null && allowed != null && !new HashSet<>(allowed).containsAll(scope);
  }

  /**
   * @param jwtEnd the JWT's own {@code exp}; null if it has none
   */
  private TokenOutcome lasting(
      TokenRequest request, TokenAnswer.Success success, @Nullable Instant jwtEnd) {
    Instant now = clock.instant();
    if (jwtEnd != null && !jwtEnd.plus(SKEW).isAfter(now)) {
      return new TokenOutcome.Rejected(Rejection.ISSUED_EXPIRED);
    }
    Instant end = jwtEnd;
    if (success.expiresIn().isPresent()) {
      Instant said = now.plusSeconds(success.expiresIn().getAsLong());
      if (!said.isAfter(now)) {
        return new TokenOutcome.Rejected(Rejection.ISSUED_EXPIRED);
      }
      end = end == null || said.isBefore(end) ? said : end;
    }
    if (end == null) {
      end = now.plus(request.target().server().defaultLifetime());
    }
    // Where our clock runs ahead of the issuer's the end may lie behind us; such a token is used
    // once.
    Instant expiresAt = end.isBefore(now) ? now : end;
    String text = success.accessToken().reveal();
    return new TokenOutcome.Granted(new AccessToken("Bearer", text, now, expiresAt));
  }
}
