package dev.valetkey.config;

import java.util.List;

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
    @Key(doc = "claim that names the session at the issuer", initial = "sid") String sessionClaim,
    @Key(
            doc =
                "take this issuer's ID tokens for a user's too, where a grant shows them to an issuer, as `id_jag` does",
            initial = "false")
        boolean idTokens,
    @Key(
            doc =
                "user tokens that are no JWT: refused; shown to the issuer's introspection endpoint (RFC 7662), whose yes counts for 60 s; or sent to the token exchange as they are, their user unknown, so that `expect.sub` is not checked. One rule may have another word than `refuse`",
            initial = "refuse")
        OpaqueTokens opaque,
    @Key(
            doc =
                "take this issuer's logout tokens at `POST /backchannel-logout` of `admin.address` (OpenID Connect Back-Channel Logout 1.0)",
            initial = "false")
        boolean backchannelLogout,
    @Key(
            doc =
                "`aud` of a logout token must hold one of these: the clients at which the issuer has that address",
            derived = "the issuer's `client_id`")
        List<String> logoutAudience) {
  public UserRule {
    audience = List.copyOf(audience);
    algorithms = List.copyOf(algorithms);
    logoutAudience = List.copyOf(logoutAudience);
  }
}
