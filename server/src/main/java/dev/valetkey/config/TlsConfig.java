package dev.valetkey.config;

import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What TLS trusts, expects and shows; null: the platform's certificates, the name of the host that
 * is dialled, no certificate.
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
        @Nullable String serverName,
    @Key(doc = "PEM file with the certificate that we show, and its chain", form = Form.CA_FILE)
        @Nullable Path certFile,
    @Key(doc = "PEM file with its private key (PKCS #8)", form = Form.SECRET_FILE)
        @Nullable Path keyFile) {

  public static final TlsConfig DEFAULT = new TlsConfig(null, null, null, null);

  /** Every file that is named here. */
  Stream<Path> files() {
    Stream<@Nullable Path> named = Stream.of(caFile, certFile, keyFile);
    return named.filter(Objects::nonNull).map(Objects::requireNonNull);
  }
}
