package dev.valetkey.subject;

import dev.valetkey.oauth.UserTokenVerifier;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.oauth.Verification;
import dev.valetkey.subject.KnownUsers.Known;
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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Users by verified JWT (design.md §4). One per configuration; sessions and known tokens outlive it. */
public final class VerifiedSubjects implements SubjectResolver {
  private final UserTokenVerifier verifier;
  private final Set<TokenDigest> rules;
  private final Set<String> issuers;
  private final KnownUsers known;
  private final Sessions sessions;

  /**
   * @param clock for the times in tokens
   */
  public VerifiedSubjects(List<Rule> rules, InstantSource clock, KnownUsers known, Sessions sessions) {
    this.verifier = new UserTokenVerifier(rules, clock);
    this.rules = rules.stream().map(Rule::digest).collect(Collectors.toUnmodifiableSet());
    this.issuers =
        rules.stream()
            .map(rule -> rule.issuer().config().issuer().toString())
            .collect(Collectors.toUnmodifiableSet());
    this.known = known;
    this.sessions = sessions;
  }

  @Override
  public @Nullable User known(TokenDigest token) {
    Known found = known.get(token);
    return found != null && rules.contains(found.rule()) ? found.user() : null;
  }

  @Override
  public Resolution resolve(byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline) {
    return switch (verifier.verify(bytes, start, end, deadline)) {
      case Verification.Invalid invalid -> new Resolution.Refused(invalid.fault());
      case Verification.Verified verified -> {
        Subject subject = verified.subject();
        Session session =
            sessions.open(subject, new UserToken(Secret.of(bytes, start, end), digest, subject.expiresAt().toEpochMilli()));
        User user = new User(subject, session, subject.keyPart(verified.rule()));
        known.put(digest, new Known(user, verified.rule()));
        yield new Resolution.Resolved(user);
      }
    };
  }

  /** The same judgement without a trace: nothing is remembered and no session is begun. */
  public SubjectResolver lookingOnly() {
    VerifiedSubjects remembering = this;
    return new SubjectResolver() {
      @Override
      public @Nullable User known(TokenDigest token) {
        return remembering.known(token);
      }

      @Override
      public Resolution resolve(byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline) {
        return switch (verifier.verify(bytes, start, end, deadline)) {
          case Verification.Invalid invalid -> new Resolution.Refused(invalid.fault());
          case Verification.Verified verified -> {
            UserToken token = userToken(verified.subject(), bytes, start, end, digest);
            yield resolved(verified, new Session(verified.subject(), token, new HitCounters()));
          }
        };
      }

      @Override
      public boolean looksLikeUserToken(byte[] bytes, int start, int end) {
        return remembering.looksLikeUserToken(bytes, start, end);
      }
    };
  }

  @Override
  public boolean looksLikeUserToken(byte[] bytes, int start, int end) {
    String issuer = UserTokenVerifier.unverifiedIssuer(bytes, start, end);
    return issuer != null && issuers.contains(issuer);
  }
}
