package dev.valetkey.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What TLS trusts and expects; null: the platform's certificates, the name of the host that is
 * dialled.
 */
public record TlsConfig(
    @Key(
            doc =
                "PEM bundle of the certificate authorities that are trusted instead of the platform's",
            form = Form.CA_FILE)
        @Nullable Path caFile,
    @Key(
            doc =
                "name expected in the certificate and sent as SNI, instead of the host that is dialled")
        @Nullable String serverName) {

  public static final TlsConfig DEFAULT = new TlsConfig(null, null);
}
