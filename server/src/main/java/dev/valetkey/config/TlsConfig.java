package dev.valetkey.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What TLS trusts and expects.
 *
 * @param caFile PEM bundle that replaces the platform's; null: the platform's
 * @param serverName expected in the certificate and sent as SNI; null: the host that is dialled. Only for {@code upstream}
 */
public record TlsConfig(@Nullable Path caFile, @Nullable String serverName) {
  public static final TlsConfig DEFAULT = new TlsConfig(null, null);
}
