package dev.valetkey.config;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What must hold for an issuer: TLS, and one credential that fits the way the client authenticates.
 */
final class IssuerRules {

  private static final String SECRET = "client_secret_file";
  private static final String PRIVATE_KEY = "private_key_file";
  private static final String ASSERTION = "client_assertion_file";

  /** Keys that name a credential; a client has one. */
  static final List<String> CREDENTIALS = List.of(SECRET, PRIVATE_KEY, ASSERTION);

  /** What an issuer's own error code may mean: RFC 6749 §5.2, RFC 8693 §2.2.2, OpenID Connect. */
  private static final List<String> OAUTH_ERRORS =
      List.of(
          "access_denied",
          "interaction_required",
          "invalid_client",
          "invalid_grant",
          "invalid_request",
          "invalid_scope",
          "invalid_target",
          "temporarily_unavailable",
          "unauthorized_client");

  private IssuerRules() {}

  static void apply(Draft issuer, Findings findings) {
    Profile profile = issuer.get("profile", Profile.class);
    if (profile != null) {
      Presets.of(profile).applyTo(issuer);
    }
    for (String key :
        List.of("issuer", "token_endpoint", "jwks_uri", "introspection_endpoint", "connect_to")) {
      transport(
          issuer,
          key,
          "allow_http: true if this is a test or the network is protected otherwise",
          findings);
    }
    errors(issuer, findings);
    certificate(issuer, findings);
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
    List<String> credentials = CREDENTIALS.stream().filter(issuer::wrote).toList();
    if (credentials.size() > 1) {
      findings.problem(
          issuer.path(credentials.get(1)),
          "there is a " + credentials.getFirst() + " too; a client has one credential");
      return;
    }
    String credential = credentials.isEmpty() ? "" : credentials.getFirst();
    ClientAuthMethod method = issuer.get("token_endpoint_auth_method", ClientAuthMethod.class);
    if (method == null) {
      method = method(issuer, credential, findings);
      issuer.fill("token_endpoint_auth_method", method);
    }
    if (method != null) {
      check(issuer, method, credential, findings);
    }
  }

  private static @Nullable ClientAuthMethod method(
      Draft issuer, String credential, Findings findings) {
    if (credential.equals(SECRET)) {
      return ClientAuthMethod.CLIENT_SECRET_BASIC;
    }
    if (!credential.isEmpty()) {
      return ClientAuthMethod.PRIVATE_KEY_JWT;
    }
    if (hasCertificate(issuer)) {
      return ClientAuthMethod.TLS_CLIENT_AUTH;
    }
    if (issuer.wrote("client_id")) {
      findings.problem(
          issuer.path("client_id"),
          "needs client_secret_file, private_key_file, client_assertion_file or tls.cert_file; token_endpoint_auth_method: none for a client without credentials");
      return null;
    }
    return ClientAuthMethod.NONE;
  }

  private static void check(
      Draft issuer, ClientAuthMethod method, String credential, Findings findings) {
    String name = Names.snakeCase(method.name());
    boolean fits =
        switch (method) {
          case CLIENT_SECRET_BASIC, CLIENT_SECRET_POST ->
              demand(issuer, credential.equals(SECRET), SECRET, name, findings);
          case PRIVATE_KEY_JWT ->
              demand(
                  issuer,
                  credential.equals(PRIVATE_KEY) || credential.equals(ASSERTION),
                  PRIVATE_KEY,
                  name,
                  findings);
          case TLS_CLIENT_AUTH, SELF_SIGNED_TLS_CLIENT_AUTH ->
              demand(issuer, hasCertificate(issuer), "tls.cert_file", name, findings);
          case NONE -> true;
        };
    boolean unused = method.isMutualTls() || method == ClientAuthMethod.NONE;
    if (fits && unused && !credential.isEmpty()) {
      findings.problem(
          issuer.path(credential), "is not used with token_endpoint_auth_method: " + name);
    }
    // A JWT-SVID names its client itself (draft-ietf-oauth-spiffe-client-auth).
    if (method != ClientAuthMethod.NONE && !credential.equals(ASSERTION)) {
      demand(issuer, issuer.wrote("client_id"), "client_id", name, findings);
    }
    onlyWith(issuer, "key_id", PRIVATE_KEY, findings);
    onlyWith(issuer, "client_assertion_audience", PRIVATE_KEY, findings);
    onlyWith(issuer, "client_assertion_type", ASSERTION, findings);
  }

  private static void onlyWith(Draft issuer, String key, String credential, Findings findings) {
    if (issuer.wrote(key) && !issuer.wrote(credential)) {
      findings.problem(issuer.path(key), "is only used with " + credential);
    }
  }

  /** Whether the issuer is shown a certificate of ours. */
  static boolean hasCertificate(Draft section) {
    Draft tls = section.get("tls", Draft.class);
    return tls != null && tls.wrote("cert_file");
  }

  /** A certificate is of no use without its key, nor the key without it. */
  static void certificate(Draft section, Findings findings) {
    Draft tls = section.get("tls", Draft.class);
    if (tls != null && tls.wrote("cert_file") != tls.wrote("key_file")) {
      String present = tls.wrote("cert_file") ? "cert_file" : "key_file";
      String missing = tls.wrote("cert_file") ? "key_file" : "cert_file";
      findings.problem(tls.path(present), "needs " + missing);
    }
  }

  private static void errors(Draft issuer, Findings findings) {
    Map<?, ?> errors = issuer.get("errors", Map.class);
    if (errors != null) {
      errors.forEach((code, meaning) -> {
        if (!OAUTH_ERRORS.contains(meaning)) {
          findings.problem(
              issuer.path("errors") + "." + code,
              "must mean one of " + String.join(", ", OAUTH_ERRORS) + " (was " + meaning + ")");
        }
      });
    }
  }

  private static boolean demand(
      Draft issuer, boolean present, String key, String method, Findings findings) {
    if (!present) {
      findings.problem(issuer.path(key), "is required with " + method);
    }
    return present;
  }
}
