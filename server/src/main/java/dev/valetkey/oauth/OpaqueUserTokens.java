package dev.valetkey.oauth;

import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.UserTokenFault;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a token that is no JWT is a user's: by the issuer's word about it (RFC 7662), or
 * not at all, where the token exchange is left to tell. Immutable; thread-safe.
 *
 * <p>What looks like a JWT, signed or encrypted, is never an opaque token: a spoilt one must not
 * get a second chance here.
 */
final class OpaqueUserTokens {
  /** How long a yes counts: a token that is revoked counts no longer than this. */
  static final Duration YES_COUNTS = Duration.ofSeconds(60);

  /** The life of a token of which nobody says when it ends; it begins anew with each yes. */
  static final Duration UNTOLD_LIFE = Duration.ofMinutes(5);

  /**
   * Names of a bearer token that serves to call with; refresh tokens are "active" too. RFC 7662
   * §2.2: {@code token_type} is OPTIONAL.
   */
  private static final Set<String> TOKEN_TYPES = Set.of("bearer", "access_token");

  /** {@code token_use} of those issuers that have one. */
  private static final Set<String> TOKEN_USES = Set.of("access_token", "access");

  private final @Nullable Rule rule;
  private final @Nullable TokenDigest ruleDigest;
  private final SubjectClaims subjectClaims;
  private final InstantSource clock;

  /**
   * @param rules one of them at most is for opaque tokens
   */
  OpaqueUserTokens(List<Rule> rules, SubjectClaims subjectClaims, InstantSource clock) {
    this.rule =
        rules.stream()
            .filter(candidate -> candidate.rule().opaque() != OpaqueTokens.REFUSE)
            .findFirst()
            .orElse(null);
    this.ruleDigest = rule == null ? null : rule.digest();
    this.subjectClaims = subjectClaims;
    this.clock = clock;
  }

  /**
   * Whether this is a bearer token (RFC 6750 §2.1) that does not look like a JWT: the header of
   * every JWT begins with a brace and a quote or white space, and so in base64url with "ey" or
   * "ew".
   */
  static boolean isOne(byte[] token) {
    boolean jose = Jws.parts(token) > 1 && token[0] == 'e' && (token[1] == 'y' || token[1] == 'w');
    return !jose
        && token.length <= Jws.MAX_BYTES
        && TokenAnswerReader.B64TOKEN
            .matcher(new String(token, StandardCharsets.ISO_8859_1))
            .matches();
  }

  /** The user of an opaque token. May ask the issuer, until {@code deadline}. */
  Verification verify(byte[] token, Deadline deadline) {
    return judge(token, issuer -> issuer.introspect(Secret.of(token, 0, token.length), deadline));
  }

  /** The same without asking anybody, which leaves open what only the issuer knows. */
  Verification inspect(byte[] token) {
    return judge(token, issuer -> TokenAnswerReader.unavailable(TokenOutcome.Cause.UNREACHABLE));
  }

  private interface Question {
    Introspected about(Issuer issuer);
  }

  private Verification judge(byte[] token, Question question) {
    if (rule == null || ruleDigest == null) {
      return invalid(UserTokenFault.MALFORMED);
    }
    return switch (rule.rule().opaque()) {
      case REFUSE -> invalid(UserTokenFault.MALFORMED);
      case EXCHANGE_VALIDATES ->
          new Verification.Unjudged(
              Subject.unnamed(
                  issuerOf(rule), TokenDigest.of(token), clock.instant().plus(UNTOLD_LIFE)),
              ruleDigest);
      case INTROSPECT ->
          switch (question.about(rule.issuer())) {
            case Introspected.Active active -> admit(active, rule, ruleDigest);
            case Introspected.Inactive inactive -> invalid(UserTokenFault.INACTIVE);
            case Introspected.ClientRefused refused -> invalid(UserTokenFault.CLIENT_REFUSED);
            case TokenAnswer.Unavailable unavailable ->
                invalid(
                    switch (unavailable.cause()) {
                      case UNREACHABLE, BUSY, RATE_LIMIT, DEADLINE ->
                          UserTokenFault.ISSUER_UNAVAILABLE;
                      case ANSWER, METADATA, CONSENT, BROKER -> UserTokenFault.ISSUER_ANSWER;
                    });
          };
    };
  }

  private Verification admit(Introspected.Active active, Rule admitting, TokenDigest digest) {
    Claims said = active.claims();
    String issuer = issuerOf(admitting);
    if (said.issuer() != null && !said.issuer().equals(issuer)) {
      return invalid(UserTokenFault.ISSUER);
    }
    if (!isAccessToken(said)) {
      return invalid(UserTokenFault.TYPE);
    }
    return switch (subjectClaims.judge(completed(active, issuer), admitting.rule(), digest)) {
      case Verification.Verified verified -> verified.until(active.asked().plus(YES_COUNTS));
      case Verification other -> other;
    };
  }

  private static boolean isAccessToken(Claims said) {
    return among(said, "token_type", TOKEN_TYPES)
        && among(said, "token_use", TOKEN_USES)
        && UserTokenVerifier.isAccessToken(said.json());
  }

  private static boolean among(Claims said, String name, Set<String> allowed) {
    return said.asJson(name) == null
        || said.text(name).filter(t -> allowed.contains(t.toLowerCase(Locale.ROOT))).isPresent();
  }

  /**
   * What RFC 7662 §2.2 leaves out is what it goes without saying: the issuer; and where no audience
   * is named, the client that the token was given to, which must then be in the rule's list. A
   * token without end has a short one; one without a beginning counted when the issuer was asked.
   */
  private static Claims completed(Introspected.Active active, String issuer) {
    Claims said = active.claims();
    Instant end = said.expiresAt();
    Optional<String> client = said.text("client_id");
    return new Claims(
        said.json(),
        issuer,
        said.subject(),
        said.audience().isEmpty() ? client.map(List::of).orElse(List.of()) : said.audience(),
        end == null ? active.asked().plus(UNTOLD_LIFE) : end,
        said.notBefore(),
        said.issuedAt() == null ? active.asked() : said.issuedAt(),
        said.scope());
  }

  private static String issuerOf(Rule rule) {
    return rule.issuer().config().issuer().toString();
  }

  private static Verification invalid(UserTokenFault fault) {
    return new Verification.Invalid(fault);
  }
}
