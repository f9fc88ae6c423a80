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
import dev.valetkey.token.UserTokenFault;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Users by their tokens (design.md §4). One per configuration; sessions and known tokens outlive
 * it.
 */
public final class VerifiedSubjects implements SubjectResolver {
  private final Set<TokenDigest> rules;
  private final Set<String> issuers;
  private final Verifier verifier;
  private final KnownUsers known;
  private final UnjudgedUsers unjudged;
  private final Logouts logouts;
  private final Book sessions;

  /** How a token is looked at. */
  private interface Verifier {
    Verification verify(byte[] bytes, int start, int end, Deadline deadline);
  }

  /** Where sessions are opened; see {@link Sessions#open}. */
  private interface Book {
    Session open(Subject subject, UserToken token, BooleanSupplier signedOut);
  }

  private VerifiedSubjects(
      List<Rule> rules,
      Verifier verifier,
      KnownUsers known,
      UnjudgedUsers unjudged,
      Logouts logouts,
      Book sessions) {
    this.rules = rules.stream().map(Rule::digest).collect(Collectors.toUnmodifiableSet());
    this.issuers =
        rules.stream()
            .map(rule -> rule.issuer().config().issuer().toString())
            .collect(Collectors.toUnmodifiableSet());
    this.verifier = verifier;
    this.known = known;
    this.unjudged = unjudged;
    this.logouts = logouts;
    this.sessions = sessions;
  }

  /** Verifies tokens, remembers them in {@code known} and opens their sessions. */
  public static VerifiedSubjects remembering(
      List<Rule> rules, InstantSource clock, KnownUsers known, Sessions sessions, Logouts logouts) {
    return new VerifiedSubjects(
        rules,
        new UserTokenVerifier(rules, clock)::verify,
        known,
        new UnjudgedUsers(clock),
        logouts,
        sessions::open);
  }

  /** Verifies tokens and leaves no trace. */
  public static VerifiedSubjects looking(List<Rule> rules, InstantSource clock, Logouts logouts) {
    return withoutTrace(rules, clock, logouts, new UserTokenVerifier(rules, clock)::verify);
  }

  /**
   * Believes every signature, asks nobody for keys and leaves no trace: for explaining without a
   * running sidecar.
   */
  public static VerifiedSubjects unverified(List<Rule> rules, InstantSource clock) {
    UserTokenVerifier verifier = new UserTokenVerifier(rules, clock);
    return withoutTrace(
        rules,
        clock,
        new Logouts(clock),
        (bytes, start, end, deadline) -> verifier.inspect(bytes, start, end));
  }

  private static VerifiedSubjects withoutTrace(
      List<Rule> rules, InstantSource clock, Logouts logouts, Verifier verifier) {
    return new VerifiedSubjects(
        rules,
        verifier,
        new KnownUsers(clock),
        new UnjudgedUsers(clock),
        logouts,
        (subject, token, signedOut) -> new Session(subject, token, new HitCounters()));
  }

  @Override
  public @Nullable User known(TokenDigest token) {
    Known found = known.get(token);
    return found != null && rules.contains(found.rule()) ? found.user() : unjudged.get(token);
  }

  @Override
  public Resolution resolve(
      byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline) {
    return switch (verifier.verify(bytes, start, end, deadline)) {
      case Verification.Invalid invalid -> new Resolution.Refused(invalid.fault());
      case Verification.Verified verified -> {
        if (logouts.covers(verified.subject(), verified.issuedAt())) {
          yield new Resolution.Refused(UserTokenFault.INACTIVE);
        }
        yield admitted(verified, bytes, start, end, digest);
      }
      case Verification.Unjudged nobody -> {
        Subject subject = nobody.subject();
        UserToken token = userToken(bytes, start, end, digest, subject, nobody.rule());
        yield resolved(unjudged.of(digest, subject, token), bytes, start, end, digest);
      }
    };
  }

  private Resolution admitted(
      Verification.Verified verified, byte[] bytes, int start, int end, TokenDigest digest) {
    Subject subject = verified.subject();
    UserToken token = userToken(bytes, start, end, digest, subject, verified.rule());
    Session session =
        sessions.open(subject, token, () -> logouts.covers(subject, verified.issuedAt()));
    if (session.hasEnded()) {
      return new Resolution.Refused(UserTokenFault.INACTIVE);
    }
    User user = new User(session, token.kind(), token.expiresAt());
    known.put(digest, new Known(user, verified.rule(), verified.until().toEpochMilli()));
    return resolved(user, bytes, start, end, digest);
  }

  private static UserToken userToken(
      byte[] bytes, int start, int end, TokenDigest digest, Subject subject, TokenDigest rule) {
    return new UserToken(
        Secret.of(bytes, start, end),
        digest,
        subject.keyPart(rule),
        subject.expiresAt().toEpochMilli());
  }

  /** A token that does not say whose it is must be told by its digest on other hosts. */
  private Resolution resolved(User user, byte[] bytes, int start, int end, TokenDigest digest) {
    if (!looksLikeUserToken(bytes, start, end)) {
      known.recognise(digest);
    }
    return new Resolution.Resolved(user);
  }

  @Override
  public boolean seen(TokenDigest token) {
    return known.recognises(token);
  }

  @Override
  public boolean looksLikeUserToken(byte[] bytes, int start, int end) {
    String issuer = UserTokenVerifier.unverifiedIssuer(bytes, start, end);
    return issuer != null && issuers.contains(issuer);
  }
}
