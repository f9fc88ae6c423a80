package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.UserRule;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Fields;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.UserTokenFault;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a token is a user's (RFC 8725, RFC 9068): first its form, then its signature,
 * then its claims. A token that is no JWT is left to {@link OpaqueUserTokens}. Immutable but for
 * the issuers' keys; thread-safe. It waits where keys must be fetched and is for virtual threads.
 *
 * <p>Members {@code x5c}, {@code x5t} and other unknown ones of the header are ignored, as RFC 7515
 * §4 wants: keys only ever come from the issuer's own address.
 */
public final class UserTokenVerifier {
  private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/at+jwt");

  /** Claims of ID tokens (OpenID Connect Core §3) and logout tokens (Back-Channel Logout §2.4). */
  private static final List<String> REFUSED_CLAIMS =
      List.of("at_hash", "c_hash", "nonce", "events");

  /** A rule with the issuer it speaks of. */
  public record Rule(UserRule rule, Issuer issuer) {

    /**
     * Says which rule admitted a token: the issuer, where its keys and its word about tokens come
     * from, and what the rule demands.
     */
    public TokenDigest digest() {
      IssuerConfig config = issuer.config();
      return new Fields()
          .addValue(config.issuer())
          .addValue(config.jwksUri())
          .addValue(config.introspectionEndpoint())
          .addValue(config.connectTo())
          .addValue(config.tls())
          .addValue(rule)
          .digest();
    }
  }

  /** What is wrong with a token's signature; null: nothing. */
  private interface SignatureCheck {
    @Nullable UserTokenFault fault(Jws jws, SignatureAlgorithm algorithm, Issuer issuer);
  }

  private record Admission(Rule rule, TokenDigest digest) {}

  private final List<Admission> admissions;
  private final SubjectClaims subjectClaims;
  private final OpaqueUserTokens opaque;

  /**
   * @param rules asked in this order; the first that admits a token counts
   * @param clock for {@code exp}, {@code nbf} and {@code iat}
   */
  public UserTokenVerifier(List<Rule> rules, InstantSource clock) {
    this.admissions = rules.stream().map(rule -> new Admission(rule, rule.digest())).toList();
    this.subjectClaims = new SubjectClaims(clock);
    this.opaque = new OpaqueUserTokens(rules, subjectClaims, clock);
  }

  /** Verifies the token in {@code bytes[start, end)}. */
  public Verification verify(byte[] bytes, int start, int end, Deadline deadline) {
    return judge(
        bytes,
        start,
        end,
        (jws, algorithm, issuer) -> JwsRules.signatureFault(jws, algorithm, issuer, deadline),
        token -> opaque.verify(token, deadline));
  }

  /**
   * Judges everything but the signature, without asking anybody: for explaining, never for
   * admitting.
   */
  public Verification inspect(byte[] bytes, int start, int end) {
    return judge(bytes, start, end, (jws, algorithm, issuer) -> null, opaque::inspect);
  }

  private Verification judge(
      byte[] bytes,
      int start,
      int end,
      SignatureCheck signatures,
      Function<byte[], Verification> opaqueOne) {
    if (end - start > Jws.MAX_BYTES) {
      return invalid(UserTokenFault.MALFORMED);
    }
    byte[] token = Arrays.copyOfRange(bytes, start, end);
    Optional<Jws> jws = Jws.parse(token);
    if (jws.isEmpty() && OpaqueUserTokens.isOne(token)) {
      return opaqueOne.apply(token);
    }
    if (jws.isEmpty()) {
      return invalid(Jws.parts(token) == 5 ? UserTokenFault.TYPE : UserTokenFault.MALFORMED);
    }
    UserTokenFault headerFault = JwsRules.headerFault(jws.get().header(), TYPES);
    if (headerFault != null) {
      return invalid(headerFault);
    }
    if (!isAccessToken(jws.get().payload()) && !mayBeIdToken(jws.get().payload())) {
      return invalid(UserTokenFault.TYPE);
    }
    Optional<Claims> claims = Claims.of(jws.get().payload());
    return claims.isEmpty()
        ? invalid(UserTokenFault.MALFORMED)
        : firstAdmission(jws.get(), claims.get(), signatures);
  }

  /**
   * What the {@code iss} of a token would be if its signature were good; null if there is none to
   * be seen. Forgives everything a reader could forgive, because it must recognise a user's token
   * however it was damaged. Never throws.
   */
  public static @Nullable String unverifiedIssuer(byte[] bytes, int start, int end) {
    return IssuerPeek.issuer(bytes, start, end);
  }

  /** Whether nothing in the claims says that they are of a token of another kind. */
  static boolean isAccessToken(JsonObject claims) {
    boolean bearer =
        !claims.has("typ")
            || Claims.text(claims, "typ").filter("bearer"::equalsIgnoreCase).isPresent();
    return bearer && REFUSED_CLAIMS.stream().noneMatch(claims::has);
  }

  /** Whether it is an ID token (OpenID Connect Core §2), and some rule takes those. */
  private boolean mayBeIdToken(JsonObject claims) {
    return isIdToken(claims)
        && admissions.stream().anyMatch(admission -> admission.rule().rule().idTokens());
  }

  private static boolean isIdToken(JsonObject claims) {
    boolean type =
        !claims.has("typ") || Claims.text(claims, "typ").filter("id"::equalsIgnoreCase).isPresent();
    return type && !claims.has("events");
  }

  private Verification firstAdmission(Jws jws, Claims claims, SignatureCheck signatures) {
    Optional<SignatureAlgorithm> algorithm =
        Claims.text(jws.header(), "alg").flatMap(SignatureAlgorithm::of);
    if (algorithm.isEmpty()) {
      return invalid(UserTokenFault.ALGORITHM);
    }
    Verification last = invalid(UserTokenFault.ISSUER);
    for (Admission admission : admissions) {
      Rule rule = admission.rule();
      if (!rule.issuer().config().issuer().toString().equals(claims.issuer())) {
        continue;
      }
      if (!isAccessToken(claims.json()) && !rule.rule().idTokens()) {
        last = invalid(UserTokenFault.TYPE);
        continue;
      }
      UserTokenFault fault =
          rule.rule().algorithms().contains(algorithm.get().name())
              ? signatures.fault(jws, algorithm.get(), rule.issuer())
              : UserTokenFault.ALGORITHM;
      last =
          fault == null
              ? subjectClaims.judge(claims, rule.rule(), admission.digest())
              : invalid(fault);
      if (last instanceof Verification.Verified) {
        return last;
      }
    }
    return last;
  }

  private static Verification invalid(UserTokenFault fault) {
    return new Verification.Invalid(fault);
  }
}
