package dev.valetkey.config;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold for a grant. */
final class GrantRules {

  /** Form fields that the grants and the client authentication send themselves. */
  private static final Set<String> RESERVED =
      Set.of(
          "grant_type",
          "subject_token",
          "subject_token_type",
          "actor_token",
          "actor_token_type",
          "audience",
          "resource",
          "scope",
          "requested_token_type",
          "client_id",
          "client_secret",
          "client_assertion",
          "client_assertion_type");

  private GrantRules() {}

  /**
   * @param key of the server under which the grant stands
   */
  static void apply(Draft server, String key, Map<String, Draft> issuers, Findings findings) {
    Draft grant = server.get(key, Draft.class);
    if (grant == null) {
      return;
    }
    if (grant.is(GrantConfig.TokenExchange.class)) {
      request(grant, server, issuers, findings);
      actor(grant, findings);
    } else if (grant.is(GrantConfig.ClientCredentials.class)) {
      request(grant, server, issuers, findings);
      confidential(grant, issuers, findings);
    }
  }

  private static void request(
      Draft grant, Draft server, Map<String, Draft> issuers, Findings findings) {
    issuer(grant, issuers, findings);
    URI url = server.get("url", URI.class);
    grant.fill("resource", url == null ? null : List.of(url));
    Map<?, ?> extra = grant.get("extra_parameters", Map.class);
    if (extra != null) {
      for (Object name : extra.keySet()) {
        if (RESERVED.contains(name)) {
          findings.problem(
              grant.path("extra_parameters") + "." + name,
              "is a parameter that the grant sends itself");
        }
      }
    }
  }

  private static void issuer(Draft grant, Map<String, Draft> issuers, Findings findings) {
    String path = grant.path("issuer");
    if (!grant.wrote("issuer")) {
      if (issuers.size() == 1) {
        grant.fill("issuer", issuers.keySet().iterator().next());
      } else {
        findings.problem(
            path,
            issuers.isEmpty()
                ? "there is no issuer"
                : "is required where there are several issuers ("
                    + String.join(", ", issuers.keySet())
                    + ")");
        return;
      }
    }
    String name = grant.get("issuer", String.class);
    if (name != null && !issuers.containsKey(name)) {
      findings.problem(path, noIssuer(name, issuers));
    } else if (name != null) {
      client(name, issuers, grant, findings);
    }
  }

  static String noIssuer(String name, Map<String, Draft> issuers) {
    return "no issuer is called '" + Names.shown(name) + "'" + Names.hint(name, issuers.keySet());
  }

  /** A client without an id is only meant where the file says that it does not authenticate. */
  private static void client(
      String name, Map<String, Draft> issuers, Draft grant, Findings findings) {
    Draft issuer = issuers.get(name);
    boolean silent =
        issuer != null && !issuer.wrote("client_id") && !issuer.wrote("token_endpoint_auth_method");
    if (issuer != null
        && silent
        && !issuer.wrote("client_secret_file")
        && !issuer.wrote("private_key_file")) {
      findings.problem(
          issuer.path("client_id"), "is required: " + grant.path() + " asks this issuer");
    }
  }

  private static void confidential(Draft grant, Map<String, Draft> issuers, Findings findings) {
    String name = grant.get("issuer", String.class);
    Draft issuer = name == null ? null : issuers.get(name);
    // RFC 6749 §4.4: the grant must only be used by confidential clients.
    if (issuer != null
        && issuer.wrote("token_endpoint_auth_method")
        && issuer.get("token_endpoint_auth_method", ClientAuthMethod.class)
            == ClientAuthMethod.NONE) {
      findings.problem(
          grant.path(),
          "client_credentials needs a client that authenticates; issuers." + name + " has none");
    }
  }

  private static void actor(Draft grant, Findings findings) {
    if (grant.wrote("actor_token_file")) {
      grant.fill("actor_token_type", TokenTypes.JWT);
    } else if (grant.wrote("actor_token_type")) {
      // RFC 8693 §2.1: the type must not be sent without the token.
      findings.problem(grant.path("actor_token_type"), "is only used with actor_token_file");
    }
  }
}
