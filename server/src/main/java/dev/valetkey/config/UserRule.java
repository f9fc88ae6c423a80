package dev.valetkey.config;

import java.util.List;

/**
 * Whose tokens count as a user's.
 *
 * @param issuer name of the issuer
 * @param audience any of these in {@code aud}; never empty. Default: the client id we have at the
 *     issuer
 * @param algorithms JWS algorithms (RFC 7518) that are accepted. Default: RS, PS and ES with 256,
 *     384, 512, and EdDSA
 * @param sessionClaim claim that names the session at the issuer. Default {@code sid}
 */
public record UserRule(
    String issuer, List<String> audience, List<String> algorithms, String sessionClaim) {}
