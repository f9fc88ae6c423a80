package dev.valetkey.config;

import java.util.List;

<<<<<<< HEAD
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
=======
/** Whose tokens count as a user's. */
public record UserRule(
    @Key(doc = "name of the issuer") String issuer,
    @Key(doc = "`aud` must hold one of these", derived = "the issuer's `client_id`", filled = true)
        List<String> audience,
    @Key(
            doc = "JWS algorithms (RFC 7518) that are accepted",
            initial = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA",
            form = Form.ALGORITHM,
            filled = true)
        List<String> algorithms,
    @Key(doc = "claim that names the session at the issuer", initial = "sid")
        String sessionClaim) {}
>>>>>>> config
