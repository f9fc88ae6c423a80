package dev.valetkey.config;

import java.net.URI;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What must hold for a grant. */
final class GrantRules {

  /** Form fields that the grants and the client authentication send themselves. */
  private static final Set<String> RESERVED =
      Set.of(
          "grant_type",
          "assertion",
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

  /** Keys that name a grant whose token is wanted first. */
  private static final List<String> SOURCES = List.of("subject_token_from", "actor_token_from");

  private final Map<String, Draft> issuers;
  private final Map<String, Draft> named;
  private final Findings findings;

  /**
   * @param named the grants that other grants may name
   */
  GrantRules(Map<String, Draft> issuers, Map<String, Draft> named, Findings findings) {
    this.issuers = issuers;
    this.named = named;
    this.findings = findings;
  }

  /** Judges the grants that other grants may name. */
  void applyToNamed() {
    named.forEach((name, grant) -> {
      apply(grant, null, null);
      cycle(name, grant);
    });
  }

  /**
   * @param url of the server; null for a grant that no server has
   * @param expect what its token must show, where the file may say that
   */
  void apply(Draft grant, @Nullable URI url, @Nullable Draft expect) {
    if (grant.is(GrantConfig.TokenBroker.class)) {
      broker(grant);
      return;
    }
    if (!asks(grant)) {
      return;
    }
    boolean jag = grant.is(GrantConfig.IdJag.class);
    issuer(grant, "issuer", !jag);
    if (jag) {
      issuer(grant, "identity_issuer", false);
    }
    Draft issuer = issuer(grant, jag ? "identity_issuer" : "issuer");
    if (grant.is(GrantConfig.BrokeredToken.class)) {
      endpoint(grant);
    }
    Profile profile = issuer == null ? null : issuer.get("profile", Profile.class);
    if (profile != null) {
      Presets.of(profile).applyTo(grant, expect);
    }
    extraParameters(grant);
    sources(grant);
    if (!grant.is(GrantConfig.BrokeredToken.class)) {
      grant.fill("resource", url == null ? List.of() : List.of(url));
    }
    if (grant.is(GrantConfig.TokenExchange.class)) {
      actor(grant);
    } else if (grant.is(GrantConfig.ClientCredentials.class)) {
      confidential(grant);
    } else if (jag) {
      Draft serversIssuer = issuer(grant, "issuer");
      URI id = serversIssuer == null ? null : serversIssuer.get("issuer", URI.class);
      grant.fill("audience", id == null ? null : List.of(id.toString()));
    }
  }

  static String noIssuer(String name, Map<String, Draft> issuers) {
    return "no issuer is called '" + Names.shown(name) + "'" + Names.hint(name, issuers.keySet());
  }

  private static boolean asks(Draft grant) {
    return grant.knows("issuer");
  }

  private void extraParameters(Draft grant) {
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

  /**
   * @param only whether the key may be left out where there is one issuer
   */
  private void issuer(Draft grant, String key, boolean only) {
    String path = grant.path(key);
    if (!grant.wrote(key) && only) {
      if (issuers.size() != 1) {
        findings.problem(
            path,
            issuers.isEmpty()
                ? "there is no issuer"
                : "is required where there are several issuers ("
                    + String.join(", ", issuers.keySet())
                    + ")");
        return;
      }
      grant.fill(key, issuers.keySet().iterator().next());
    }
    if (!grant.has(key) && !grant.isBroken(key)) {
      findings.problem(path, "is required");
    }
    String name = grant.get(key, String.class);
    if (name != null && !issuers.containsKey(name)) {
      findings.problem(path, noIssuer(name, issuers));
    } else if (name != null) {
      client(name, grant);
    }
  }

  private @Nullable Draft issuer(Draft grant, String key) {
    String name = grant.get(key, String.class);
    return name == null ? null : issuers.get(name);
  }

  /** A client without an id is only meant where the file says that it does not authenticate. */
  private void client(String name, Draft grant) {
    Draft issuer = issuers.get(name);
    if (issuer != null
        && !issuer.wrote("client_id")
        && !issuer.wrote("token_endpoint_auth_method")
        && IssuerRules.CREDENTIALS.stream().noneMatch(issuer::wrote)
        && !IssuerRules.hasCertificate(issuer)) {
      findings.problem(
          issuer.path("client_id"), "is required: " + grant.path() + " asks this issuer");
    }
  }

  private void confidential(Draft grant) {
    Draft issuer = issuer(grant, "issuer");
    // RFC 6749 §4.4: the grant must only be used by confidential clients.
    if (issuer != null
        && issuer.wrote("token_endpoint_auth_method")
        && issuer.get("token_endpoint_auth_method", ClientAuthMethod.class)
            == ClientAuthMethod.NONE) {
      findings.problem(
          grant.path(),
          "client_credentials needs a client that authenticates; " + issuer.path() + " has none");
    }
  }

  private void sources(Draft grant) {
    String file = grant.is(GrantConfig.JwtBearer.class) ? "assertion_file" : "subject_token_file";
    if (grant.knows("subject_token_from") && grant.wrote("subject_token_from")) {
      if (grant.knows(file) && grant.wrote(file)) {
        findings.problem(grant.path("subject_token_from"), "there is " + file + " too; use one");
      }
      source(grant, "subject_token_from", true);
    }
  }

  /** The named grant must be there, and need a user exactly where the user's token is replaced. */
  private void source(Draft grant, String key, boolean ofUser) {
    String name = grant.get(key, String.class);
    if (name == null) {
      return;
    }
    Draft source = named.get(name);
    if (source == null) {
      findings.problem(
          grant.path(key),
          "no grant is called '" + Names.shown(name) + "'" + Names.hint(name, named.keySet()));
    } else if (source.is(GrantConfig.None.class) || source.is(GrantConfig.Refuse.class)) {
      findings.problem(grant.path(key), "names a grant that gives no token");
    } else if (needsUser(source) != ofUser) {
      findings.problem(
          grant.path(key),
          ofUser
              ? "must name a grant that begins with the user's token"
              : "must name a grant that needs no user");
    }
  }

  private static boolean needsUser(Draft grant) {
    return !grant.is(GrantConfig.ClientCredentials.class)
        && !grant.is(GrantConfig.Static.class)
        && !grant.is(GrantConfig.None.class)
        && !grant.is(GrantConfig.Refuse.class)
        && !(grant.knows("assertion_file") && grant.wrote("assertion_file"))
        && !(grant.knows("subject_token_file") && grant.wrote("subject_token_file"));
  }

  private void cycle(String name, Draft grant) {
    for (String key : SOURCES) {
      if (grant.knows(key) && leadsTo(name, grant.get(key, String.class), new HashSet<>())) {
        findings.problem(grant.path(key), "leads back to itself");
      }
    }
  }

  /**
   * @param from name of a grant; null: none
   * @param seen names that were looked at already
   */
  private boolean leadsTo(String name, @Nullable String from, Set<String> seen) {
    Draft grant = from == null || !seen.add(from) ? null : named.get(from);
    return name.equals(from)
        || (grant != null
            && SOURCES.stream()
                .filter(grant::knows)
                .anyMatch(key -> leadsTo(name, grant.get(key, String.class), seen)));
  }

  private void actor(Draft grant) {
    if (grant.wrote("actor_token_file") && grant.wrote("actor_token_from")) {
      findings.problem(
          grant.path("actor_token_from"), "there is actor_token_file too; a call has one actor");
    }
    source(grant, "actor_token_from", false);
    if (grant.wrote("actor_token_file")) {
      grant.fill("actor_token_type", TokenTypes.JWT);
    } else if (grant.wrote("actor_token_from")) {
      grant.fill("actor_token_type", TokenTypes.ACCESS_TOKEN);
    } else if (grant.wrote("actor_token_type")) {
      // RFC 8693 §2.1: the type must not be sent without the token.
      findings.problem(
          grant.path("actor_token_type"), "is only used with actor_token_file or actor_token_from");
    }
  }

  private void endpoint(Draft grant) {
    if (!grant.wrote("endpoint")) {
      return;
    }
    Draft issuer = issuer(grant, "issuer");
    if (issuer != null) {
      URI uri = grant.get("endpoint", URI.class);
      if (uri != null && "http".equals(uri.getScheme()) && !issuer.flag("allow_http")) {
        findings.problem(
            grant.path("endpoint"),
            "must be https (was "
                + uri
                + "); "
                + issuer.path()
                + ".allow_http: true if this is a test");
      }
    }
    for (String key :
        List.of("grant_type", "audience", "resource", "scope", "requested_token_type")) {
      if (grant.wrote(key)) {
        findings.problem(grant.path(key), "is not used with endpoint: nothing is exchanged there");
      }
    }
  }

  private void broker(Draft grant) {
    IssuerRules.transport(
        grant, "url", "allow_http: true if the network is protected otherwise", findings);
    IssuerRules.certificate(grant, findings);
  }

  /** The sections of {@code grants} that can be built. */
  static Map<String, GrantConfig> complete(Map<String, Draft> named) {
    Map<String, GrantConfig> complete = new LinkedHashMap<>();
    named.forEach((name, grant) -> {
      if (grant.isComplete()) {
        complete.put(name, grant.build(GrantConfig.class));
      }
    });
    return complete;
  }
}
