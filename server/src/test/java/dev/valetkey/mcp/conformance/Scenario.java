package dev.valetkey.mcp.conformance;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The scenarios that need no browser, how valetkey is told of what they give, and what they find.
 */
enum Scenario {
  CLIENT_CREDENTIALS_BASIC(
      "auth/client-credentials-basic",
      Set.of("client-credentials-basic-auth", "valid-bearer-token"),
      Set.of()),
  CLIENT_CREDENTIALS_JWT(
      "auth/client-credentials-jwt",
      Set.of("client-credentials-jwt-verified", "valid-bearer-token"),
      Set.of()),
  ENTERPRISE_MANAGED_AUTHORIZATION(
      "auth/enterprise-managed-authorization",
      Set.of("complete-flow-token-exchange", "complete-flow-jwt-bearer", "valid-bearer-token"),
      Set.of()),
  WORKLOAD_IDENTITY(
      "auth/wif-jwt-bearer", Set.of("wif-assertion-verified", "valid-bearer-token"), Set.of()),

  /**
   * The suite counts token requests only if they redeem an authorization code, which takes a
   * browser.
   */
  DPOP(
      "auth/dpop",
      Set.of("sep-1932-client-dpop-auth-scheme", "sep-1932-client-fresh-proof"),
      Set.of("sep-1932-client-token-request-proof")),

  /**
   * The server wants its nonce in the proofs. valetkey reads it in the access log of the refused
   * call, which ends after the second attempt: the first agent fails, all later calls pass.
   */
  DPOP_NONCE(
      "auth/dpop-nonce",
      Set.of("sep-1932-client-fresh-proof", "sep-1932-client-rs-nonce"),
      Set.of("sep-1932-client-token-request-proof", "sep-1932-client-as-nonce")),

  /** The file names another issuer; the server's metadata names the right one. */
  DISCOVERED_ISSUER(
      "auth/client-credentials-basic",
      Set.of("client-credentials-basic-auth", "valid-bearer-token"),
      Set.of()),

  /**
   * The issuer refuses the assertion; that it is not shown again is what {@code wif-no-retry} is
   * about.
   */
  REFUSED_WORKLOAD("auth/wif-jwt-bearer", Set.of(), Set.of("wif-assertion-audience"));

  private final String title;
  private final Set<String> passes;
  private final Set<String> faults;

  Scenario(String title, Set<String> passes, Set<String> faults) {
    this.title = title;
    this.passes = passes;
    this.faults = faults;
  }

  /** As the suite calls it. */
  String title() {
    return title;
  }

  /** The checks that say whether the grant was used as it should be. */
  Set<String> passes() {
    return passes;
  }

  /** The checks that must find fault, and no others. */
  Set<String> faults() {
    return faults;
  }

  /** The token that the agent has of its user; null where it works for nobody. */
  @Nullable String userToken(Offer offer) {
    return this == ENTERPRISE_MANAGED_AUTHORIZATION ? offer.text("idp_id_token") : null;
  }

  /** The files with secrets, by their names. */
  Map<String, String> secrets(Offer offer) {
    return switch (this) {
      case CLIENT_CREDENTIALS_BASIC, DISCOVERED_ISSUER, ENTERPRISE_MANAGED_AUTHORIZATION ->
          Map.of("secrets/client", offer.text("client_secret"));
      case CLIENT_CREDENTIALS_JWT -> Map.of("secrets/key.pem", offer.text("private_key_pem"));
      case DPOP, DPOP_NONCE -> Map.of("secrets/client", "any-secret");
      case WORKLOAD_IDENTITY -> Map.of("secrets/workload", offer.text("valid_jwt"));
      case REFUSED_WORKLOAD -> Map.of("secrets/workload", offer.text("wrong_audience_jwt"));
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
      case DISCOVERED_ISSUER ->
          issuer(offer, "client_secret_file: secrets/client")
              + """
                other: {issuer: "https://other.example", client_id: agent, client_secret_file: secrets/client}
              """
              + server(
                  offer,
                  "{type: client_credentials}, discovery: {issuers: [other, corp], allow_loopback_http: true}");
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
      case DPOP, DPOP_NONCE -> // its issuer takes any client
          issuer(
                  offer,
                  "any-client",
                  "client_secret_file: secrets/client, dpop_bound_access_tokens: true")
              + server(offer, "{type: client_credentials}");
      case WORKLOAD_IDENTITY, REFUSED_WORKLOAD ->
          issuer(offer, "token_endpoint_auth_method: none")
              + server(offer, "{type: jwt_bearer, assertion_file: secrets/workload}");
    };
  }

  private static String issuer(Offer offer, String credential) {
    return issuer(offer, offer.text("client_id"), credential);
  }

  private static String issuer(Offer offer, String clientId, String credential) {
    return """
    issuers:
      corp: {issuer: "%s", allow_http: true, client_id: "%s", %s}
    """
        .formatted(offer.issuer(), clientId, credential);
  }

  private static String server(Offer offer, String grant) {
    return """
    servers:
      tools: {url: "%s", allow_http: true, upstream: {address: "127.0.0.1:%d"}, grant: %s}
    """
        .formatted(offer.server(), offer.server().getPort(), grant);
  }
}
