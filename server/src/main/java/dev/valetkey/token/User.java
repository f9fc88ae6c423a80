package dev.valetkey.token;

import org.jspecify.annotations.Nullable;

/**
 * A user as one verified user token shows them.
 *
 * @param subject the verified claims
 * @param session what ties this token to the user's others
 * @param keyPart the session part of the cache key, with the rule that admitted the token
 */
public record User(Subject subject, Session session, TokenDigest keyPart) {

  /**
   * The user token to be exchanged: of those that may do what this user's may, the one that ends
   * last; null once the session let it go.
   */
  public Session.@Nullable UserToken userToken() {
    return session.userToken(keyPart);
  }
}
