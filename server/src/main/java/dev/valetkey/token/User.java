package dev.valetkey.token;

/**
 * A user as one verified user token shows them.
 *
 * @param subject the verified claims
 * @param session what ties this token to the user's others
 * @param keyPart the session part of the cache key, with the rule that admitted the token
 */
public record User(Subject subject, Session session, TokenDigest keyPart) {}
