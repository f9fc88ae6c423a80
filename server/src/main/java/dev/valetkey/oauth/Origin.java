package dev.valetkey.oauth;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * Scheme, host and port of a URI, the port filled in: what decides whether two addresses are the
 * same place (RFC 6454 §4).
 */
record Origin(String scheme, String host, int port) {

  /** Empty unless the URI is http or https with a host, and without user information. */
  static Optional<Origin> of(URI uri) {
    String scheme = uri.getScheme();
    String host = uri.getHost();
    if (scheme == null || host == null || uri.getRawUserInfo() != null) {
      return Optional.empty();
    }
    scheme = scheme.toLowerCase(Locale.ROOT);
    int standardPort =
        switch (scheme) {
          case "https" -> 443;
          case "http" -> 80;
          default -> -1;
        };
    return standardPort < 0
        ? Optional.empty()
        : Optional.of(
            new Origin(
                scheme,
                host.toLowerCase(Locale.ROOT),
                uri.getPort() < 0 ? standardPort : uri.getPort()));
  }
}
