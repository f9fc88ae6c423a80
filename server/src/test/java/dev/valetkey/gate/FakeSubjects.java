package dev.valetkey.gate;

import dev.valetkey.subject.SubjectResolver;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.User;
import dev.valetkey.token.UserTokenFault;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Believes the tokens it was told about; every other one has the fault it was told to find. */
public final class FakeSubjects implements SubjectResolver {
  private final Map<TokenDigest, User> known = new ConcurrentHashMap<>();
  private final Map<TokenDigest, User> unverified = new ConcurrentHashMap<>();
  private final Set<TokenDigest> seen = ConcurrentHashMap.newKeySet();
  private final AtomicInteger verifications = new AtomicInteger();
  private volatile UserTokenFault fault = UserTokenFault.SIGNATURE;

  /** A token that was verified before. */
  public FakeSubjects knows(String token, String sub) {
    known.put(digest(token), user(token, sub));
    return this;
  }

  /** A token that counted once and does no more. */
  public FakeSubjects saw(String token) {
    seen.add(digest(token));
    return this;
  }

  /** A token that will be found valid when somebody has it verified. */
  public FakeSubjects wouldAccept(String token, String sub) {
    unverified.put(digest(token), user(token, sub));
    return this;
  }

  /** What is wrong with every other token. */
  public FakeSubjects findsFault(UserTokenFault found) {
    fault = found;
    return this;
  }

  /** How many tokens had to be verified. */
  public int verifications() {
    return verifications.get();
  }

  @Override
  public @Nullable User known(TokenDigest token) {
    return known.get(token);
  }

  @Override
  public Resolution resolve(
      byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline) {
    verifications.incrementAndGet();
    String token = new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    if (!digest.equals(digest(token))) {
      throw new IllegalArgumentException("the digest is not that of the bytes");
    }
    User user = unverified.get(digest);
    if (user == null) {
      return new Resolution.Refused(fault);
    }
    known.put(digest, user);
    return new Resolution.Resolved(user);
  }

  @Override
  public boolean seen(TokenDigest token) {
    return known.containsKey(token) || seen.contains(token);
  }

  @Override
  public boolean looksLikeUserToken(byte[] bytes, int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1)
        .startsWith("CANARY-user");
  }

  static TokenDigest digest(String token) {
    return TokenDigest.of(token.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static User user(String token, String sub) {
    Instant end = Instant.parse("2099-01-01T00:00:00Z");
    Subject subject =
        new Subject("https://idp.example.com", sub, null, "app", Set.of(), null, null, null, end);
    TokenDigest kind = subject.keyPart(digest("rule"));
    UserToken userToken = new UserToken(Secret.of(token), digest(token), kind, end.toEpochMilli());
    return new User(
        new Session(subject, userToken, new HitCounters()), kind, userToken.expiresAt());
  }
}
