package dev.valetkey.subject;

import dev.valetkey.oauth.LogoutToken;
import dev.valetkey.oauth.LogoutTokenVerifier;
import dev.valetkey.token.Fields;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TokenDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who has signed out: a user token that was issued before must not open a session again. Each
 * logout is remembered for a week, the oldest go first where there are too many. Thread-safe;
 * outlives configurations, not the process.
 */
public final class Logouts {
  /** Longer than user tokens live. */
  private static final Duration REMEMBERED = Duration.ofDays(7);

  /** Some 150 bytes each. */
  private static final int MAX_LOGOUTS = 50_000;

  private static final int MAX_TOKENS = 10_000;

  /** Longer than a logout token is accepted. */
  private static final Duration TOKEN_REMEMBERED =
      LogoutTokenVerifier.MAX_AGE.plus(Duration.ofMinutes(2));

  /**
   * Entries in the order in which they were made; guarded by this object.
   *
   * @param at when the user signed out, by the issuer's clock
   * @param forget when the entry goes, by ours
   */
  private record Remembered(Instant at, Instant forget) {}

  private final InstantSource clock;
  private final Map<TokenDigest, Remembered> logouts = new LinkedHashMap<>();
  private final Map<TokenDigest, Remembered> tokens = new LinkedHashMap<>();

  public Logouts(InstantSource clock) {
    this.clock = clock;
  }

  /** Remembers a logout; false, and nothing changed, if this token was used before. */
  synchronized boolean remember(LogoutToken token) {
    Instant now = clock.instant();
    TokenDigest id = new Fields().add(token.issuer()).add(token.id()).digest();
    forgetOld(tokens, MAX_TOKENS - 1, now);
    if (tokens.putIfAbsent(id, new Remembered(token.issuedAt(), now.plus(TOKEN_REMEMBERED)))
        != null) {
      return false;
    }
    if (token.sid() != null) {
      add("sid", token.issuer(), token.sid(), token.issuedAt(), now);
      if (token.sub() != null) {
        add("sub without sid", token.issuer(), token.sub(), token.issuedAt(), now);
      }
    } else if (token.sub() != null) {
      add("sub", token.issuer(), token.sub(), token.issuedAt(), now);
    }
    return true;
  }

  /**
   * Whether this user has signed out since the token was issued.
   *
   * @param issuedAt null: not known, which counts as long ago
   */
  synchronized boolean covers(Subject subject, @Nullable Instant issuedAt) {
    if (logouts.isEmpty()) {
      return false;
    }
    boolean ofSession =
        subject.sid() == null
            ? since("sub without sid", subject.issuer(), subject.sub(), issuedAt)
            : since("sid", subject.issuer(), subject.sid(), issuedAt);
    return ofSession || since("sub", subject.issuer(), subject.sub(), issuedAt);
  }

  private void add(String kind, String issuer, String name, Instant at, Instant now) {
    forgetOld(logouts, MAX_LOGOUTS - 1, now);
    TokenDigest key = key(kind, issuer, name);
    Remembered earlier = logouts.remove(key);
    // Logout tokens may arrive out of order.
    Instant latest = earlier != null && earlier.at().isAfter(at) ? earlier.at() : at;
    logouts.put(key, new Remembered(latest, now.plus(REMEMBERED)));
  }

  private boolean since(String kind, String issuer, String name, @Nullable Instant issuedAt) {
    Remembered logout = logouts.get(key(kind, issuer, name));
    return logout != null
        && clock.instant().isBefore(logout.forget())
        && (issuedAt == null || !issuedAt.isAfter(logout.at()));
  }

  private static TokenDigest key(String kind, String issuer, String name) {
    return new Fields().add(kind).add(issuer).add(name).digest();
  }

  private static void forgetOld(Map<TokenDigest, Remembered> entries, int bound, Instant now) {
    Iterator<Remembered> oldest = entries.values().iterator();
    while (oldest.hasNext() && (!now.isBefore(oldest.next().forget()) || entries.size() > bound)) {
      oldest.remove();
    }
  }
}
