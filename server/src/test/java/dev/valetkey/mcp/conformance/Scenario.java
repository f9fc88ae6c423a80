package dev.valetkey.mcp.conformance;

import java.util.Map;
import java.util.Set;

/** The scenarios that need no browser, and how valetkey is told of what they give. */
enum Scenario {
  CLIENT_CREDENTIALS_BASIC("auth/client-credentials-basic"),
  CLIENT_CREDENTIALS_JWT("auth/client-credentials-jwt");

  private final String title;

  Scenario(String title) {
    this.title = title;
  }

  /** The checks that say whether the grant was used as it should be. */
  Set<String> checks() {
    return switch (this) {
      case CLIENT_CREDENTIALS_BASIC -> Set.of("client-credentials-basic-auth");
      case CLIENT_CREDENTIALS_JWT -> Set.of("client-credentials-jwt-verified");
    };
  }

  /** As the suite calls it. */
  String title() {
    return title;
  }

  static Scenario called(String title) {
    for (Scenario scenario : values()) {
      if (scenario.title.equals(title)) {
        return scenario;
      }
    }
    throw new IllegalArgumentException("no scenario is called " + title);
  }

  /** The files with secrets, by their names. */
  Map<String, String> secrets(Offer offer) {
    return switch (this) {
      case CLIENT_CREDENTIALS_BASIC -> Map.of("secrets/client", offer.text("client_secret"));
      case CLIENT_CREDENTIALS_JWT -> Map.of("secrets/key.pem", offer.text("private_key_pem"));
    };
  }

  /** valetkey.yaml from {@code issuers} on. */
  String sections(Offer offer) {
    return switch (this) {
      case CLIENT_CREDENTIALS_BASIC ->
          issuer(offer, "client_secret_file: secrets/client") + server(offer, "client_credentials");
      case CLIENT_CREDENTIALS_JWT ->
          issuer(offer, "private_key_file: secrets/key.pem") + server(offer, "client_credentials");
    };
  }

  private static String issuer(Offer offer, String credential) {
    return """
    issuers:
      corp: {issuer: "%s", allow_http: true, client_id: "%s", %s}
    """
        .formatted(offer.issuer(), offer.text("client_id"), credential);
  }

  private static String server(Offer offer, String grant) {
    return """
    servers:
      tools: {url: "%s", allow_http: true, upstream: {address: "127.0.0.1:%d"}, grant: {type: %s}}
    """
        .formatted(offer.server(), offer.server().getPort(), grant);
  }
}
