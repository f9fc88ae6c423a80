package dev.valetkey.cache;

import dev.valetkey.token.TokenDigest;
import java.time.Instant;

/**
 * A cached token as it may be shown.
 *
 * @param server the server it is for
 * @param expiresAt when it ends, by the issuer's word
 * @param digest of its text
 */
public record CachedToken(String server, Instant expiresAt, TokenDigest digest) {}
