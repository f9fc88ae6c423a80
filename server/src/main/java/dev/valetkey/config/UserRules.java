package dev.valetkey.config;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whose tokens count as a user's: one rule for an issuer, made for a client that is known. */
final class UserRules {

  private UserRules() {}

  static void apply(
      Draft config,
      Map<String, Draft> issuers,
      Collection<Draft> servers,
      Map<String, GrantConfig> named,
      Findings findings) {
    Set<String> asked =
        Stream.concat(
                servers.stream().map(server -> ServerRules.grant(server, "grant")),
                named.values().stream())
            .<String>mapMulti((grant, issuer) -> {
              if (grant instanceof GrantConfig.Asking asking && asking.userIssuer() != null) {
                issuer.accept(asking.userIssuer());
              }
            })
            .collect(Collectors.toCollection(LinkedHashSet::new));
    boolean needed =
        servers.stream()
            .map(server -> ServerRules.grant(server, "grant"))
            .anyMatch(grant ->
                grant != null && grant.needsUser() && beginsSomewhere(grant, named.keySet()));
    if (!config.wrote("users")) {
      config.fill(
          "users", asked.stream().filter(issuers::containsKey).map(UserRules::rule).toList());
    }
    Set<String> ruled = new HashSet<>();
    List<Draft> users = config.list("users", Draft.class);
    for (Draft user : users) {
      String name = user.get("issuer", String.class);
      if (name != null && !issuers.containsKey(name)) {
        findings.problem(user.path("issuer"), GrantRules.noIssuer(name, issuers));
      } else if (name != null && !ruled.add(name)) {
        findings.problem(user.path("issuer"), "there is a rule for issuer '" + name + "' already");
      } else if (name != null) {
        audience(user, Objects.requireNonNull(issuers.get(name)), findings);
        introspection(user, Objects.requireNonNull(issuers.get(name)), findings);
        logout(user, Objects.requireNonNull(issuers.get(name)), findings);
      }
    }
    oneForOpaqueTokens(users, findings);
    if (users.isEmpty()
        && (needed || config.wrote("inbound"))
        && issuers.keySet().containsAll(asked)
        && !config.isBroken("users")) {
      String why =
          needed
              ? "there are servers whose grant needs a user"
              : "users' calls are checked (inbound)";
      findings.problem(
          "users",
          config.wrote("users")
              ? "must not be empty: " + why
              : "is required: " + why + ", and none says whose tokens count");
    }
  }

  /** Whether the grant whose token it begins with is there; that it is not is a problem already. */
  private static boolean beginsSomewhere(GrantConfig grant, Set<String> named) {
    return !(grant instanceof GrantConfig.Asking asking)
        || asking.subjectTokenFrom() == null
        || named.contains(asking.subjectTokenFrom());
  }

  private static Draft rule(String issuer) {
    Draft rule = Defaults.section(Shapes.section(UserRule.class), "users");
    rule.set("issuer", issuer);
    return rule;
  }

  private static void audience(Draft user, Draft issuer, Findings findings) {
    String clientId = issuer.get("client_id", String.class);
    user.fill("audience", clientId == null ? null : List.of(clientId));
    if (!user.has("audience") && !user.isBroken("audience") && !issuer.isBroken("client_id")) {
      findings.problem(
          user.path("audience"), "is required: " + issuer.path() + " has no client_id");
    }
  }

  /** Nothing in an opaque token says whose it is, and it must not be shown around. */
  private static void oneForOpaqueTokens(List<Draft> users, Findings findings) {
    users.stream()
        .filter(user -> opaque(user) != OpaqueTokens.REFUSE)
        .skip(1)
        .forEach(user ->
            findings.problem(
                user.path("opaque"),
                "there is a rule for opaque tokens already, and nothing in such a token says which of them it belongs to"));
  }

  /** RFC 7662 §2.1: the endpoint answers clients that prove who they are. */
  private static void introspection(Draft user, Draft issuer, Findings findings) {
    if (opaque(user) != OpaqueTokens.INTROSPECT) {
      return;
    }
    ClientAuthMethod method = issuer.get("token_endpoint_auth_method", ClientAuthMethod.class);
    if (method == ClientAuthMethod.NONE) {
      findings.problem(
          user.path("opaque"), "introspection needs a client with credentials at " + issuer.path());
    }
    boolean nothingDiscovered = issuer.wrote("token_endpoint") && issuer.wrote("jwks_uri");
    if (nothingDiscovered && !issuer.wrote("introspection_endpoint")) {
      findings.problem(
          issuer.path("introspection_endpoint"),
          "is required by "
              + user.path("opaque")
              + ": with the other endpoints given, nothing is discovered");
    }
  }

  /** Back-Channel Logout §2.4: a logout token is made for a client. */
  private static void logout(Draft user, Draft issuer, Findings findings) {
    String clientId = issuer.get("client_id", String.class);
    user.fill("logout_audience", clientId == null ? List.of() : List.of(clientId));
    if (user.flag("backchannel_logout")
        && user.list("logout_audience", String.class).isEmpty()
        && !user.isBroken("logout_audience")
        && !issuer.isBroken("client_id")) {
      findings.problem(
          user.path("logout_audience"), "must name a client: whose logout tokens are meant?");
    }
  }

  private static OpaqueTokens opaque(Draft user) {
    OpaqueTokens chosen = user.get("opaque", OpaqueTokens.class);
    return chosen == null ? OpaqueTokens.REFUSE : chosen;
  }
}
