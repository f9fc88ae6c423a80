package dev.valetkey.subject;

import dev.valetkey.oauth.UserTokenVerifier;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.oauth.Verification;
import dev.valetkey.subject.KnownUsers.Known;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Users by verified JWT (design.md §4). One per configuration; sessions and known tokens outlive
 * it.
 */
public final class VerifiedSubjects implements SubjectResolver {
  private final Set<TokenDigest> rules;
  private final Set<String> issuers;
  private final Verifier verifier;
  private final KnownUsers known;
  private final BiFunction<Subject, UserToken, Session> sessions;

  /** How a token is looked at. */
  private interface Verifier {
    Verification verify(byte[] bytes, int start, int end, Deadline deadline);
  }

  private VerifiedSubjects(
      List<Rule> rules,
      Verifier verifier,
      KnownUsers known,
      BiFunction<Subject, UserToken, Session> sessions) {
    this.rules = rules.stream().map(Rule::digest).collect(Collectors.toUnmodifiableSet());
    this.issuers =
        rules.stream()
            .map(rule -> rule.issuer().config().issuer().toString())
            .collect(Collectors.toUnmodifiableSet());
    this.verifier = verifier;
    this.known = known;
    this.sessions = sessions;
  }

  /** Verifies tokens, remembers them in {@code known} and opens their sessions. */
  public static VerifiedSubjects remembering(
      List<Rule> rules, InstantSource clock, KnownUsers known, Sessions sessions) {
    return new VerifiedSubjects(
        rules, new UserTokenVerifier(rules, clock)::verify, known, sessions::open);
  }

  /** Verifies tokens and leaves no trace. */
  public static VerifiedSubjects looking(List<Rule> rules, InstantSource clock) {
    return withoutTrace(rules, clock, new UserTokenVerifier(rules, clock)::verify);
  }

  /**
   * Believes every signature, asks nobody for keys and leaves no trace: for explaining without a
   * running sidecar.
   */
  public static VerifiedSubjects unverified(List<Rule> rules, InstantSource clock) {
    UserTokenVerifier verifier = new UserTokenVerifier(rules, clock);
    return withoutTrace(
        rules, clock, (bytes, start, end, deadline) -> verifier.inspect(bytes, start, end));
  }

  private static VerifiedSubjects withoutTrace(
      List<Rule> rules, InstantSource clock, Verifier verifier) {
    return new VerifiedSubjects(
        rules,
        verifier,
        new KnownUsers(clock),
        (subject, token) -> new Session(subject, token, new HitCounters()));
  }

  @Override
  public @Nullable User known(TokenDigest token) {
    Known found = known.get(token);
    return found != null && rules.contains(found.rule()) ? found.user() : null;
  }

  @Override
  public Resolution resolve(
      byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline) {
    return switch (verifier.verify(bytes, start, end, deadline)) {
      case Verification.Invalid invalid -> new Resolution.Refused(invalid.fault());
      case Verification.Verified verified -> {
        Subject subject = verified.subject();
        TokenDigest kind = subject.keyPart(verified.rule());
        long expiresAt = subject.expiresAt().toEpochMilli();
        UserToken token = new UserToken(Secret.of(bytes, start, end), digest, kind, expiresAt);
        User user = new User(sessions.apply(subject, token), kind, expiresAt);
        known.put(digest, new Known(user, verified.rule()));
        yield new Resolution.Resolved(user);
      }
    };
  }

  @Override
  public boolean looksLikeUserToken(byte[] bytes, int start, int end) {
    String issuer = UserTokenVerifier.unverifiedIssuer(bytes, start, end);
    return issuer != null && issuers.contains(issuer);
  }
}
