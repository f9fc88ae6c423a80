package dev.valetkey.config;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What must hold for a server. */
final class ServerRules {

  private ServerRules() {}

  static void apply(
      Draft server, Map<String, Draft> issuers, GrantRules grants, Findings findings) {
    IssuerRules.transport(
        server, "url", "allow_http: true if the network is protected otherwise", findings);
    aliases(server, findings);
    upstream(server, findings);
    URI url = server.get("url", URI.class);
    Draft grant = server.get("grant", Draft.class);
    if (grant != null) {
      discovery(server, grant, issuers, findings);
      grants.apply(grant, url, server.get("expect", Draft.class));
    }
    Draft without = server.get("without_user", Draft.class);
    if (without != null) {
      grants.apply(without, url, null);
    }
    withoutUser(server, findings);
    scopes(server, findings);
    expect(server, issuers, findings);
  }

  /** The grant, if it is complete; null otherwise. */
  static @Nullable GrantConfig grant(Draft server, String key) {
    Draft grant = server.get(key, Draft.class);
    return grant == null || !grant.isComplete() ? null : grant.build(GrantConfig.class);
  }

  private static void aliases(Draft server, Findings findings) {
    URI url = server.get("url", URI.class);
    List<URI> aliases = server.list("aliases", URI.class);
    for (int i = 0; url != null && i < aliases.size(); i++) {
      if (!Urls.path(aliases.get(i)).equals(Urls.path(url))) {
        findings.problem(
            server.path("aliases") + "[" + i + "]",
            "must have the path of url, " + Urls.path(url) + " (was " + aliases.get(i) + ")");
      }
    }
  }

  private static void upstream(Draft server, Findings findings) {
    URI url = server.get("url", URI.class);
    Draft upstream = server.get("upstream", Draft.class);
    if (url == null || upstream == null) {
      return;
    }
    upstream.fill("address", Urls.address(url));
    if (url.getScheme().equals("https")) {
      upstream.fill("tls", Defaults.section(Shapes.section(TlsConfig.class), upstream.path("tls")));
      IssuerRules.certificate(upstream, findings);
    } else if (upstream.wrote("tls")) {
      findings.problem(upstream.path("tls"), "is only used where url is https");
    }
  }

  private static void withoutUser(Draft server, Findings findings) {
    GrantConfig grant = grant(server, "grant");
    GrantConfig without = grant(server, "without_user");
    if (without != null && without.needsUser()) {
      findings.problem(
          server.path("without_user"),
          "must be a grant that needs no user: refuse, client_credentials, static or none");
    } else if (grant != null && !grant.needsUser() && server.wrote("without_user")) {
      findings.warning(server.path("without_user"), "has no effect: the grant needs no user");
    }
  }

  /** Where the issuer is found in the server's own metadata, the file says which may be found. */
  private static void discovery(
      Draft server, Draft grant, Map<String, Draft> issuers, Findings findings) {
    Draft discovery = server.get("discovery", Draft.class);
    if (discovery == null) {
      return;
    }
    List<String> names = discovery.list("issuers", String.class);
    for (String name : names) {
      if (!issuers.containsKey(name)) {
        findings.problem(discovery.path("issuers"), GrantRules.noIssuer(name, issuers));
      }
    }
    if (!grant.knows("issuer")) {
      findings.problem(discovery.path(), "is only used with a grant that asks an issuer");
    } else if (grant.wrote("issuer")) {
      findings.problem(
          grant.path("issuer"), "discovery.issuers names the issuers; use one of both");
    } else if (!names.isEmpty()) {
      grant.set("issuer", names.getFirst());
      grant.markWritten("issuer");
    }
    if (grant.is(GrantConfig.IdJag.class) && grant.wrote("audience") && names.size() > 1) {
      // An assertion that is for one of them must not be shown to another.
      findings.problem(
          grant.path("audience"), "is one issuer's, and discovery.issuers names several");
    }
    if (grant.is(GrantConfig.JwtBearer.class)
        && grant.wrote("subject_token_from")
        && names.size() > 1) {
      // For the same reason: the named grant gets its token for one of them.
      findings.problem(
          grant.path("subject_token_from"),
          "is a token for one issuer, and discovery.issuers names several");
    }
  }

  private static void scopes(Draft server, Findings findings) {
    GrantConfig grant = grant(server, "grant");
    if (grant != null && !(grant instanceof GrantConfig.Asking)) {
      for (String key : List.of("tools", "step_up_scope")) {
        if (server.wrote(key)) {
          findings.problem(server.path(key), "is only used with a grant that asks an issuer");
        }
      }
    }
    for (Draft rule : server.list("tools", Draft.class)) {
      String name = rule.get("name", String.class);
      if (name != null && name.indexOf('*') != name.lastIndexOf('*')) {
        findings.problem(rule.path("name"), "must have one * at most (was " + name + ")");
      }
    }
  }

  private static void expect(Draft server, Map<String, Draft> issuers, Findings findings) {
    GrantConfig grant = grant(server, "grant");
    Draft expect = server.get("expect", Draft.class);
    if (grant == null || expect == null) {
      return;
    }
    String name = grant instanceof GrantConfig.Asking asking ? asking.issuer() : null;
    if (name == null && server.wrote("expect") && !(grant instanceof GrantConfig.TokenBroker)) {
      findings.problem(server.path("expect"), "is only used with a grant that asks an issuer");
    }
    Draft issuer = name == null ? null : issuers.get(name);
    ExpectConfig standard =
        ExpectConfig.defaultFor(grant, issuer == null ? null : issuer.get("issuer", URI.class));
    expect.fill("iss", standard.iss());
    expect.fill("audience", standard.audience());
    expect.fill("sub", standard.sub());
    expect.fill("scope", standard.scope());
    expect.fill("act", standard.act());
    expect.fill("format", standard.format());
    expect.fill("issued_token_type", standard.issuedTokenType());
    expect.fill("token_type", standard.tokenType());
    boolean tied =
        !(grant instanceof GrantConfig.TokenExchange || grant instanceof GrantConfig.JwtBearer)
            || !standard.audience().isEmpty()
            || expect.wrote("audience");
    if (!tied) {
      findings.problem(
          server.path("grant"),
          "needs an audience or a resource, or expect.audience: nothing else ties the token to this server");
    }
  }
}
