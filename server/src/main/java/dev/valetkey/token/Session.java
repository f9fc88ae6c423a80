package dev.valetkey.token;

import dev.valetkey.telemetry.HitCounters;
import java.time.Instant;

/**
 * What ties requests of one user together. Holds one user token in memory: of all that were
 * verified, the one that ends last. Thread-safe: every field that changes is written under this
 * object's lock or by {@link #end}.
 */
public final class Session {
  private final TokenDigest id;
  private final String issuer;
  private final String sub;
  private final HitCounters hits;
  private volatile UserToken userToken;
  private volatile boolean ended;

  /**
   * A verified user token.
   *
   * @param text what is sent to the issuer
   * @param digest of the text
   * @param expiresAt milliseconds since 1970
   */
  public record UserToken(Secret text, TokenDigest digest, long expiresAt) {}

  /** A session of this subject that begins with this user token. */
  public Session(Subject subject, UserToken userToken, HitCounters hits) {
    this.id = subject.sessionId();
    this.issuer = subject.issuer();
    this.sub = subject.sub();
    this.userToken = userToken;
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

  /** The user token with the latest expiry. */
  public UserToken userToken() {
    return userToken;
  }

  /** Keeps {@code candidate} if it ends later than the token this session has. */
  public synchronized void offer(UserToken candidate) {
    if (candidate.expiresAt() > userToken.expiresAt()) {
      userToken = candidate;
    }
  }

  /** Counts calls of this session for the audit log. */
  public HitCounters hits() {
    return hits;
  }

  /** Milliseconds since 1970 after which nothing of this session is usable. */
  public long expiresAt() {
    return userToken.expiresAt();
  }

  /**
   * Whether tokens of this session may still be used at {@code now}, in milliseconds since 1970.
   */
  public boolean live(long now) {
    return !ended && now < userToken.expiresAt();
  }

  /** Whether the session was ended before its time. */
  public boolean hasEnded() {
    return ended;
  }

  /** Ends the session for good: no token of it is used or kept from now on. */
  public void end() {
    ended = true;
  }

  @Override
  public String toString() {
    return "Session[" + id + " until " + Instant.ofEpochMilli(expiresAt()) + "]";
  }
}
