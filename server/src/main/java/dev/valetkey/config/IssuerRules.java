package dev.valetkey.config;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must hold for an issuer: TLS, and one credential that fits the way the client authenticates.
 */
final class IssuerRules {

  private IssuerRules() {}

  static void apply(Draft issuer, Findings findings) {
    for (String key :
        List.of("issuer", "token_endpoint", "jwks_uri", "introspection_endpoint", "connect_to")) {
      transport(
          issuer,
          key,
          "allow_http: true if this is a test or the network is protected otherwise",
          findings);
    }
    if (!issuer.isBroken("token_endpoint_auth_method")) {
      credential(issuer, findings);
    }
  }

  /** Demands https, or, where plain http is allowed, warns of it. */
  static void transport(Draft section, String key, String remedy, Findings findings) {
    URI uri = section.get(key, URI.class);
    if (uri == null
        || !"http".equalsIgnoreCase(uri.getScheme())
        || section.isBroken("allow_http")) {
      return;
    }
    if (section.flag("allow_http")) {
      findings.warning(
          section.path(key),
          "plain http (" + uri + "): tokens and secrets are not protected on the way");
    } else {
      findings.problem(section.path(key), "must be https (was " + uri + "); " + remedy);
    }
  }

  private static void credential(Draft issuer, Findings findings) {
    boolean secret = issuer.wrote("client_secret_file");
    boolean privateKey = issuer.wrote("private_key_file");
    ClientAuthMethod method = issuer.get("token_endpoint_auth_method", ClientAuthMethod.class);
    if (secret && privateKey) {
      findings.problem(
          issuer.path("private_key_file"),
          "there is a client_secret_file too; a client has one credential");
      return;
    }
    if (method == null) {
      method = method(issuer, secret, privateKey, findings);
      issuer.fill("token_endpoint_auth_method", method);
    }
    if (method != null) {
      check(issuer, method, secret, privateKey, findings);
    }
  }

  private static @Nullable ClientAuthMethod method(
      Draft issuer, boolean secret, boolean privateKey, Findings findings) {
    if (secret) {
      return ClientAuthMethod.CLIENT_SECRET_BASIC;
    }
    if (privateKey) {
      return ClientAuthMethod.PRIVATE_KEY_JWT;
    }
    if (issuer.wrote("client_id")) {
      findings.problem(
          issuer.path("client_id"),
          "needs client_secret_file or private_key_file; token_endpoint_auth_method: none for a client without credentials");
      return null;
    }
    return ClientAuthMethod.NONE;
  }

  private static void check(
      Draft issuer,
      ClientAuthMethod method,
      boolean secret,
      boolean privateKey,
      Findings findings) {
    String name = Names.snakeCase(method.name());
    switch (method) {
      case CLIENT_SECRET_BASIC, CLIENT_SECRET_POST ->
          demand(issuer, "client_secret_file", name, findings);
      case PRIVATE_KEY_JWT -> demand(issuer, "private_key_file", name, findings);
      case NONE -> {
        if (secret || privateKey) {
          String key = secret ? "client_secret_file" : "private_key_file";
          findings.problem(issuer.path(key), "is not used with token_endpoint_auth_method: none");
        }
      }
    }
    if (method != ClientAuthMethod.NONE) {
      demand(issuer, "client_id", name, findings);
    }
    if (issuer.wrote("key_id") && !privateKey) {
      findings.problem(issuer.path("key_id"), "is only used with private_key_file");
    }
  }

  private static void demand(Draft issuer, String key, String method, Findings findings) {
    if (!issuer.wrote(key)) {
      findings.problem(issuer.path(key), "is required with " + method);
    }
  }
}
