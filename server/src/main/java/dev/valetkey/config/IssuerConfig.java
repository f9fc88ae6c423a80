package dev.valetkey.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens and who we are there.
 *
 * @param name its key in the file
 * @param clientId null only where {@code tokenEndpointAuthMethod} is none
 * @param clientSecretFile null unless a secret is used
 * @param privateKeyFile null unless private_key_jwt is used
 * @param keyId null: none is sent
 * @param tokenEndpoint null: discovered
 * @param jwksUri null: discovered
 * @param connectTo null: the public origins
 * @param introspectionEndpoint null: discovered
 */
public record IssuerConfig(
    String name,
    @Key(
            doc = "issuer identifier, compared as text with `iss` and the metadata (RFC 8414 §3.3)",
            form = Form.ISSUER)
        URI issuer,
    @Key(doc = "`client_id`; may be absent where `token_endpoint_auth_method` is `none`")
        @Nullable String clientId,
    @Key(
            doc = "how the client authenticates (RFC 7591 §2)",
            derived =
                "`client_secret_basic` with `client_secret_file`, `private_key_jwt` with `private_key_file`")
        ClientAuthMethod tokenEndpointAuthMethod,
    @Key(doc = "file with the client secret", form = Form.SECRET_FILE)
        @Nullable Path clientSecretFile,
    @Key(doc = "file with the private key: PEM (PKCS #8) or JWK", form = Form.SECRET_FILE)
        @Nullable Path privateKeyFile,
    @Key(doc = "`kid` of the client assertions") @Nullable String keyId,
    @Key(doc = "replaces the discovered one", form = Form.ENDPOINT) @Nullable URI tokenEndpoint,
    @Key(doc = "replaces the discovered one", form = Form.ENDPOINT) @Nullable URI jwksUri,
    @Key(
            doc =
                "origin to dial for everything of this issuer, when its public name does not resolve here",
            form = Form.ORIGIN)
        @Nullable URI connectTo,
    @Key(doc = "accept plain http, with a warning; loopback needs it too", initial = "false")
        boolean allowHttp,
    @Key(doc = "trust for connections to it", without = "server_name") TlsConfig tls,
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
        @Nullable URI introspectionEndpoint) {}
