package dev.valetkey.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens and who we are there.
 *
 * @param name its key in the file
 * @param profile whose defaults were filled in; they are plain keys, and nothing looks at this
 *     again
 * @param clientId null only where {@code tokenEndpointAuthMethod} is none or the assertion says it
 * @param clientSecretFile null unless a secret is used
 * @param privateKeyFile null unless private_key_jwt is used with a key of ours
 * @param keyId null: none is sent
 * @param clientAssertionFile null unless the assertion is somebody else's
 * @param clientAssertionType full URN
 * @param tokenEndpoint null: discovered
 * @param jwksUri null: discovered
 * @param errors by error code of this issuer, in small letters: the standard one that it means
 * @param connectTo null: the public origins
 * @param introspectionEndpoint null: discovered
 */
public record IssuerConfig(
    String name,
    @Key(
            doc = "issuer identifier, compared as text with `iss` and the metadata (RFC 8414 §3.3)",
            form = Form.ISSUER)
        URI issuer,
    @Key(
            doc = "presets for this issuer and the grants that ask it (docs/issuers)",
            initial = "generic")
        Profile profile,
    @Key(doc = "`client_id`; may be absent where `token_endpoint_auth_method` is `none`")
        @Nullable String clientId,
    @Key(
            doc = "how the client authenticates (RFC 7591 §2)",
            derived =
                "`client_secret_basic` with `client_secret_file`, `private_key_jwt` with `private_key_file` or `client_assertion_file`, `tls_client_auth` with `tls.cert_file` alone")
        ClientAuthMethod tokenEndpointAuthMethod,
    @Key(doc = "file with the client secret", form = Form.SECRET_FILE)
        @Nullable Path clientSecretFile,
    @Key(doc = "file with the private key: PEM (PKCS #8) or JWK", form = Form.SECRET_FILE)
        @Nullable Path privateKeyFile,
    @Key(doc = "`kid` of the client assertions") @Nullable String keyId,
    @Key(
            doc =
                "what our client assertions name as `aud`; `token_endpoint` only for issuers that insist on it",
            initial = "issuer")
        AssertionAudience clientAssertionAudience,
    @Key(
            doc =
                "file with a client assertion that the platform makes: a projected service account token, a JWT-SVID",
            form = Form.SECRET_FILE)
        @Nullable Path clientAssertionFile,
    @Key(
            doc = "`client_assertion_type`, short name (`jwt_bearer`, `jwt_spiffe`) or URN",
            initial = "jwt_bearer",
            form = Form.ASSERTION_TYPE)
        String clientAssertionType,
    @Key(doc = "replaces the discovered one", form = Form.ENDPOINT) @Nullable URI tokenEndpoint,
    @Key(doc = "replaces the discovered one", form = Form.ENDPOINT) @Nullable URI jwksUri,
    @Key(
            doc =
                "origin to dial for everything of this issuer, when its public name does not resolve here",
            form = Form.ORIGIN)
        @Nullable URI connectTo,
    @Key(doc = "accept plain http, with a warning; loopback needs it too", initial = "false")
        boolean allowHttp,
    @Key(
            doc =
                "ask for tokens that are bound to a key of ours, and prove it in every call (RFC 9449)",
            initial = "false")
        boolean dpopBoundAccessTokens,
    @Key(doc = "error codes of this issuer, and the standard code that each means")
        Map<String, String> errors,
    @Key(doc = "trust for connections to it, and our certificate", without = "server_name")
        TlsConfig tls,
    @Key(
            doc = "time for a whole exchange, connect to last byte",
            initial = "8s",
            min = "100ms",
            max = "60s")
        Duration timeout,
    @Key(
            doc = "calls at a time, and size of the connection pool",
            initial = "16",
            min = "1",
            max = "256")
        int maxInFlight,
    @Key(doc = "replaces the discovered one (RFC 7662)", form = Form.ENDPOINT)
        @Nullable URI introspectionEndpoint) {
  public IssuerConfig {
    errors = Map.copyOf(errors);
  }

  /** Every file that is named here. */
  Stream<Path> files() {
    Stream<@Nullable Path> own = Stream.of(clientSecretFile, privateKeyFile, clientAssertionFile);
    return Stream.concat(own.filter(Objects::nonNull).map(Objects::requireNonNull), tls.files());
  }

  /** Audience of the assertions with which a client authenticates. */
  public enum AssertionAudience {
    /** The issuer identifier, as draft-ietf-oauth-rfc7523bis wants it. */
    ISSUER,
    /**
     * The address of the token endpoint, which another issuer could use to replay the assertion.
     */
    TOKEN_ENDPOINT
  }
}
