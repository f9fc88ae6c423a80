package dev.valetkey.token;

import dev.valetkey.telemetry.HitCounters;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What ties requests of one user together. Of the user tokens that were verified it keeps, for each
 * that may do something else, the one that ends last: a step-up or a narrower login is exchanged as
 * what it is. Thread-safe: every field that changes is written under this object's lock.
 */
public final class Session {
  /** Of more tokens that differ in what they may do, those that end first are let go. */
  private static final int MAX_KINDS = 64;

  private final TokenDigest id;
  private final String issuer;
  private final String sub;
  private final @Nullable String sid;
  private final boolean named;
  private final HitCounters hits;
  private volatile Map<TokenDigest, UserToken> userTokens;
  private volatile long expiresAt;
  private volatile boolean ended;

  /**
   * A verified user token.
   *
   * @param text what is sent to the issuer
   * @param digest of the text
   * @param kind the session part of the cache key: the same for tokens that may do the same
   * @param expiresAt milliseconds since 1970
   */
  public record UserToken(Secret text, TokenDigest digest, TokenDigest kind, long expiresAt) {}

  /** A session of this subject that begins with this user token. */
  public Session(Subject subject, UserToken userToken, HitCounters hits) {
    this.id = subject.sessionId();
    this.issuer = subject.issuer();
    this.sub = subject.sub();
    this.sid = subject.sid();
    this.named = subject.isNamed();
    this.userTokens = Map.of(userToken.kind(), userToken);
    this.expiresAt = userToken.expiresAt();
    this.hits = hits;
  }

  public TokenDigest id() {
    return id;
  }

  public String issuer() {
    return issuer;
  }

  public String sub() {
    return sub;
  }

  /** Whether {@link #sub} is the user's name at the issuer. */
  boolean isNamed() {
    return named;
  }

  /** The session at the issuer; null where its tokens do not say. */
  public @Nullable String sid() {
    return sid;
  }

  /** The user token of this kind with the latest expiry; null once it was let go. */
  public @Nullable UserToken userToken(TokenDigest kind) {
    return userTokens.get(kind);
  }

  /** Keeps {@code candidate} if it ends later than the token of its kind this session has. */
  public synchronized void offer(UserToken candidate) {
    if (ended) {
      return;
    }
    UserToken present = userTokens.get(candidate.kind());
    if (present != null && candidate.expiresAt() <= present.expiresAt()) {
      return;
    }
    Map<TokenDigest, UserToken> kept = new HashMap<>(userTokens);
    if (present == null && kept.size() == MAX_KINDS) {
      kept.values().stream()
          .min(Comparator.comparingLong(UserToken::expiresAt))
          .ifPresent(first -> kept.remove(first.kind()));
    }
    kept.put(candidate.kind(), candidate);
    userTokens = Map.copyOf(kept);
    expiresAt = Math.max(expiresAt, candidate.expiresAt());
  }

  /** How long the texts of its user tokens are, in characters. */
  public int textLength() {
    return userTokens.values().stream().mapToInt(token -> token.text().length()).sum();
  }

  /** Counts calls of this session for the audit log. */
  public HitCounters hits() {
    return hits;
  }

  /** Milliseconds since 1970 after which nothing of this session is usable. */
  public long expiresAt() {
    return expiresAt;
  }

  /**
   * Whether tokens of this session may still be used at {@code now}, in milliseconds since 1970.
   */
  public boolean live(long now) {
    return !ended && now < expiresAt;
  }

  /** Whether the session was ended before its time. */
  public boolean hasEnded() {
    return ended;
  }

  /**
   * Ends the session for good: no token of it is used or kept from now on, and it lets go of its
   * user tokens, whoever still refers to it.
   */
  public synchronized void end() {
    ended = true;
    userTokens = Map.of();
  }

  @Override
  public String toString() {
    return "Session[" + id + " until " + Instant.ofEpochMilli(expiresAt()) + "]";
  }
}
