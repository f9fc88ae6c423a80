package dev.valetkey.oauth;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of an issuer, pinned or discovered.
 *
 * @param tokenEndpoint null if neither says it
 * @param jwksUri null if neither says it
 * @param introspectionEndpoint null if neither says it
 */
record Metadata(
    @Nullable URI tokenEndpoint, @Nullable URI jwksUri, @Nullable URI introspectionEndpoint) {}
