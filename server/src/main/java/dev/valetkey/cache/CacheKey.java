package dev.valetkey.cache;

import dev.valetkey.token.Fields;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;

/**
 * What tells one cached token from another (design.md §6). Both parts are digests over
 * length-prefixed fields, so no field of one request can stand for another field of a different
 * one.
 *
 * @param sessionPart the user with all that the user token says; {@link #NO_USER} where the grant
 *     needs no user
 * @param targetPart the server and how its token is acquired
 */
record CacheKey(TokenDigest sessionPart, TokenDigest targetPart) {
  /**
   * Session part of requests without a user. No user has it: theirs are digests of other fields.
   */
  static final TokenDigest NO_USER = new Fields().add("no user").digest();

  static CacheKey of(TokenRequest request) {
    User user = request.user();
    return new CacheKey(user == null ? NO_USER : user.keyPart(), request.target().keyPart());
  }

  /** One digest for both parts, to be shown. */
  TokenDigest digest() {
    return new Fields().add(sessionPart.hex()).add(targetPart.hex()).digest();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CacheKey(TokenDigest session, TokenDigest target)
        && sessionPart.equals(session)
        && targetPart.equals(target);
  }

  @Override
  public int hashCode() {
    return 31 * sessionPart.hashCode() + targetPart.hashCode();
  }
}
