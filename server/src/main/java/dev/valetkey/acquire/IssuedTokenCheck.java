package dev.valetkey.acquire;

import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.oauth.IssuedClaims;
import dev.valetkey.oauth.IssuedToken;
import dev.valetkey.oauth.Issuer;
import dev.valetkey.oauth.Thumbprints;
import dev.valetkey.oauth.TokenAnswer;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
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

  private static final Duration ANSWER_RETRY = Duration.ofSeconds(1);

  private final InstantSource clock;
  private final CredentialFiles files;

  IssuedTokenCheck(InstantSource clock, CredentialFiles files) {
    this.clock = clock;
    this.files = files;
  }

  /**
   * The token, or the first thing that is wrong with it.
   *
   * @param issuer that gave it; null: a broker did
   */
  TokenOutcome judge(TokenRequest request, TokenAnswer.Success success, @Nullable Issuer issuer) {
    ExpectConfig expect = request.target().expect();
    if (!isUsable(success, request.target(), issuer)) {
      return new TokenOutcome.Unavailable(TokenOutcome.Cause.ANSWER, ANSWER_RETRY);
    }
    if (isUsersOwn(success.accessToken(), request.user())) {
      return new TokenOutcome.Rejected(Rejection.ISSUED_AUDIENCE);
    }
    Rejection fault;
    Instant end = null;
    switch (IssuedToken.read(success.accessToken())) {
      case IssuedToken.Jwt jwt -> {
        fault = fault(expect, jwt.claims(), request.user());
        if (fault == null && !request.target().intermediate()) {
          fault = bindingFault(jwt.claims(), success.type(), request.target(), issuer);
        }
        end = jwt.claims().expiresAt();
      }
      case IssuedToken.Opaque opaque ->
          fault = expect.format() == ExpectConfig.Format.JWT ? Rejection.ISSUED_FORMAT : null;
      case IssuedToken.Broken broken -> fault = Rejection.ISSUED_FORMAT;
    }
    if (fault == null && !isOfUser(success.accessToken(), expect.userClaim(), request.user())) {
      fault = Rejection.ISSUED_SUBJECT;
    }
    if (fault == null && wider(success.scope(), expect)) {
      fault = Rejection.ISSUED_SCOPE;
    }
    if (fault != null) {
      return new TokenOutcome.Rejected(fault);
    }
    return lasting(request, success, end, issuer);
  }

  /** An answer may be the question: then the user token itself would go to the server. */
  private static boolean isUsersOwn(Secret token, @Nullable User user) {
    Session.UserToken own = user == null ? null : user.userToken();
    return own != null && own.text().equals(token);
  }

  /**
   * Whether the answer is one at all: {@code issued_token_type} (RFC 8693 §2.2.1) and {@code
   * token_type} must be such that the token can be sent where it is meant to go.
   */
  private static boolean isUsable(
      TokenAnswer.Success success, Target target, @Nullable Issuer issuer) {
    List<String> types = target.expect().issuedTokenType();
    if (!types.isEmpty() && !types.contains(String.valueOf(success.issuedTokenType()))) {
      return false;
    }
    return switch (success.type()) {
      case BEARER -> true;
      case DPOP -> issuer != null && issuer.proofKey() != null;
      case UNSAID -> target.expect().tokenType() == ExpectConfig.TokenType.OPTIONAL;
      // RFC 8693 §2.2.1: such a token is no access token and never goes into a header.
      case NOT_APPLICABLE -> target.intermediate();
    };
  }

  /** A token that is bound to a key is of use only where that key is shown with it. */
  private @Nullable Rejection bindingFault(
      IssuedClaims claims, TokenAnswer.Type type, Target target, @Nullable Issuer issuer) {
    String thumbprint = claims.keyThumbprint();
    boolean proven =
        type == TokenAnswer.Type.DPOP
            && issuer != null
            && String.valueOf(thumbprint).equals(issuer.proofKeyThumbprint());
    if (type == TokenAnswer.Type.DPOP || thumbprint != null) {
      return proven ? null : Rejection.ISSUED_BINDING;
    }
    String certificate = claims.certificateThumbprint();
    return certificate == null || certificate.equals(shownCertificate(target))
        ? null
        : Rejection.ISSUED_BINDING;
  }

  /** Thumbprint of the certificate that Envoy shows to the server; null: it shows none. */
  private @Nullable String shownCertificate(Target target) {
    TlsConfig tls = target.server().upstream().tls();
    Path file = tls == null ? null : tls.certFile();
    return file == null ? null : files.read(file).flatMap(Thumbprints::ofCertificate).orElse(null);
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
        && user.isNamed()
        && !user.sub().equals(claims.subject())) {
      return Rejection.ISSUED_SUBJECT;
    }
    if (expect.act() == ExpectConfig.Act.REQUIRED && claims.actor() == null) {
      return Rejection.ISSUED_ACTOR;
    }
    // RFC 8693 §4.1: of a chain of actors only the outermost counts.
    if (expect.actSub() != null
        && claims.actor() != null
        && !expect.actSub().equals(claims.actorSubject())) {
      return Rejection.ISSUED_ACTOR;
    }
    return wider(claims.scope(), expect) ? Rejection.ISSUED_SCOPE : null;
  }

  /**
   * Whether the token has the user's own claim.
   *
   * @param claim its name; null: nothing is demanded
   */
  private static boolean isOfUser(Secret token, @Nullable String claim, @Nullable User user) {
    if (claim == null || user == null) {
      return true;
    }
    Session.UserToken userToken = user.userToken();
    Optional<String> own =
        userToken == null ? Optional.empty() : IssuedToken.claim(userToken.text(), claim);
    return own.isPresent() && own.equals(IssuedToken.claim(token, claim));
  }

  private static boolean wider(@Nullable Set<String> scope, ExpectConfig expect) {
    List<String> allowed = expect.scope();
    return scope != null && allowed != null && !new HashSet<>(allowed).containsAll(scope);
  }

  /**
   * @param jwtEnd the JWT's own {@code exp}; null if it has none
   */
  private TokenOutcome lasting(
      TokenRequest request,
      TokenAnswer.Success success,
      @Nullable Instant jwtEnd,
      @Nullable Issuer issuer) {
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
    return new TokenOutcome.Granted(
        success.type() == TokenAnswer.Type.DPOP && issuer != null
            ? new AccessToken("DPoP", text, now, expiresAt, issuer.proofKey())
            : new AccessToken("Bearer", text, now, expiresAt));
  }
}
