package dev.valetkey.oauth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An issuer's word that a user has signed out (OpenID Connect Back-Channel Logout 1.0 §2.4).
 *
 * @param issuer {@code iss}
 * @param sid the session that ended; null: all of the user's
 * @param sub the user; null only where {@code sid} is there
 * @param id {@code jti}
 * @param issuedAt {@code iat}
 */
public record LogoutToken(
    String issuer, @Nullable String sid, @Nullable String sub, String id, Instant issuedAt) {
  public LogoutToken {
    if (sid == null && sub == null) {
      throw new IllegalArgumentException("a logout token has a sid or a sub");
    }
  }

  /** Whose sign-in it is stays with whoever acts on it. */
  @Override
  public String toString() {
    return "LogoutToken[" + issuer + "]";
  }
}
