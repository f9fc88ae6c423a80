package dev.valetkey.token;

import org.jspecify.annotations.Nullable;

/**
 * A user as one verified user token shows them. Thousands are kept: of the claims there is what the
 * session and the cache key do not hold already.
 *
 * @param session what ties this token to the user's others
 * @param keyPart the session part of the cache key, with the rule that admitted the token
 * @param expiresAt when this token ends, in milliseconds since 1970
 */
public record User(Session session, TokenDigest keyPart, long expiresAt) {

  /** {@code iss}. */
  public String issuer() {
    return session.issuer();
  }

  /** {@code sub}. */
  public String sub() {
    return session.sub();
  }

  /** Whether {@link #sub} is the user's name at the issuer. */
  public boolean isNamed() {
    return session.isNamed();
  }

  /** Whether both are the same user of the same issuer, whatever their tokens allow. */
  public boolean sameAs(User other) {
    return isNamed()
        ? other.isNamed() && issuer().equals(other.issuer()) && sub().equals(other.sub())
        : session.id().equals(other.session.id());
  }

  /**
   * The user token to be exchanged: of those that may do what this user's may, the one that ends
   * last; null once the session let it go.
   */
  public Session.@Nullable UserToken userToken() {
    return session.userToken(keyPart);
  }
}
