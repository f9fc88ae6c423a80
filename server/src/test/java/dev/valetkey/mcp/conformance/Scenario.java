package dev.valetkey.mcp.conformance;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The scenarios that need no browser, and how valetkey is told of what they give. */
enum Scenario {
  CLIENT_CREDENTIALS_BASIC("auth/client-credentials-basic", "client-credentials-basic-auth"),
  CLIENT_CREDENTIALS_JWT("auth/client-credentials-jwt", "client-credentials-jwt-verified"),
  ENTERPRISE_MANAGED_AUTHORIZATION(
      "auth/enterprise-managed-authorization",
      "complete-flow-token-exchange",
      "complete-flow-jwt-bearer"),
  WORKLOAD_IDENTITY("auth/wif-jwt-bearer", "wif-assertion-verified");

  private final String title;
  private final Set<String> checks;

  Scenario(String title, String... checks) {
    this.title = title;
    this.checks = Set.of(checks);
  }

  /** As the suite calls it. */
  String title() {
    return title;
  }

  /** The checks that say whether the grant was used as it should be. */
  Set<String> checks() {
    return checks;
  }

  static Scenario called(String title) {
    for (Scenario scenario : values()) {
      if (scenario.title.equals(title)) {
        return scenario;
      }
    }
    throw new IllegalArgumentException("no scenario is called " + title);
  }

  /** The token that the agent has of its user; null where it works for nobody. */
  @Nullable String userToken(Offer offer) {
    return switch (this) {
      case ENTERPRISE_MANAGED_AUTHORIZATION -> offer.text("idp_id_token");
      case CLIENT_CREDENTIALS_BASIC, CLIENT_CREDENTIALS_JWT, WORKLOAD_IDENTITY -> null;
    };
  }

  /** The files with secrets, by their names. */
  Map<String, String> secrets(Offer offer) {
    return switch (this) {
      case CLIENT_CREDENTIALS_BASIC, ENTERPRISE_MANAGED_AUTHORIZATION ->
          Map.of("secrets/client", offer.text("client_secret"));
      case CLIENT_CREDENTIALS_JWT -> Map.of("secrets/key.pem", offer.text("private_key_pem"));
      case WORKLOAD_IDENTITY -> Map.of("secrets/workload", offer.text("valid_jwt"));
    };
  }

  /**
   * valetkey.yaml from {@code issuers} on.
   *
   * @param userKeys where the keys of the users' issuer are
   */
  String sections(Offer offer, String userKeys) {
    return switch (this) {
      case CLIENT_CREDENTIALS_BASIC ->
          issuer(offer, "client_secret_file: secrets/client")
              + server(offer, "{type: client_credentials}");
      case CLIENT_CREDENTIALS_JWT ->
          issuer(offer, "private_key_file: secrets/key.pem")
              + server(offer, "{type: client_credentials}");
      case ENTERPRISE_MANAGED_AUTHORIZATION ->
          issuer(offer, "client_secret_file: secrets/client")
              + """
                idp: {issuer: "%s", allow_http: true, client_id: "%s", token_endpoint_auth_method: none, jwks_uri: "%s"}
              """
                  .formatted(offer.text("idp_issuer"), offer.text("idp_client_id"), userKeys)
              + server(offer, "{type: id_jag, issuer: corp, identity_issuer: idp}");
      case WORKLOAD_IDENTITY ->
          issuer(offer, "token_endpoint_auth_method: none")
              + server(offer, "{type: jwt_bearer, assertion_file: secrets/workload}");
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
      tools: {url: "%s", allow_http: true, upstream: {address: "127.0.0.1:%d"}, grant: %s}
    """
        .formatted(offer.server(), offer.server().getPort(), grant);
  }
}
