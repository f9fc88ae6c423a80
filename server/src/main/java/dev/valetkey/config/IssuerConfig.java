package dev.valetkey.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens and who we are there.
 *
 * @param name its key in the file
 * @param issuer the issuer identifier, compared as text (RFC 8414 §3.3)
 * @param clientId {@code client_id}; null where no authentication is configured
 * @param tokenEndpointAuthMethod how we authenticate; the default follows from the credential that
 *     is given
 * @param clientSecretFile null unless a secret is used
 * @param privateKeyFile PEM (PKCS #8) or JWK; null unless private_key_jwt is used
 * @param keyId {@code kid} of the assertions; null: none is sent
 * @param tokenEndpoint null: discovered
 * @param jwksUri null: discovered
 * @param connectTo origin to dial instead of the public one, which is kept in {@code Host}; null:
 *     the public one
 * @param allowHttp whether plain http is accepted. Default false
 * @param tls trust for connections to it
 * @param timeout of a whole exchange, connect to last byte. Default 8 s
 * @param maxInFlight calls at a time, and size of the connection pool. Default 16
 */
public record IssuerConfig(
    String name,
    URI issuer,
    @Nullable String clientId,
    ClientAuthMethod tokenEndpointAuthMethod,
    @Nullable Path clientSecretFile,
    @Nullable Path privateKeyFile,
    @Nullable String keyId,
    @Nullable URI tokenEndpoint,
    @Nullable URI jwksUri,
    @Nullable URI connectTo,
    boolean allowHttp,
    TlsConfig tls,
    Duration timeout,
    int maxInFlight) {}
