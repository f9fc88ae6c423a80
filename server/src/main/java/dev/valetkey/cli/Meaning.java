package dev.valetkey.cli;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.Config;
import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.Profile;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.config.UserTokenSource;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration means, in sentences: for each server who may call it, how its token is got,
 * and what for.
 *
 * @param users whose tokens count, one line for each rule
 * @param pod what surrounds the agent; empty where nothing does
 */
record Meaning(
    List<Line> issuers, List<Line> users, List<Line> pod, List<Server> servers, String unlisted) {

  /** Something with a name. */
  record Line(String name, String text) {}

  /**
   * One server.
   *
   * @param where under which addresses the agent calls it, and where Envoy goes
   * @param who whose calls are let through
   * @param how the token is acquired
   * @param target what the token is for; empty where there is none
   * @param expect what the issued token must show; empty where nothing is checked
   */
  record Server(String name, String where, String who, String how, String target, String expect) {}

  static Meaning of(Config config) {
    List<Line> issuers = config.issuers().values().stream().map(Meaning::issuer).toList();
    List<Line> users =
        config.users().stream()
            .map(rule ->
                new Line(
                    rule.issuer(),
                    "audience " + String.join(" or ", rule.audience()) + opaque(rule.opaque())))
            .toList();
    List<Server> servers =
        config.servers().values().stream().map(server -> server(config, server)).toList();
    String unlisted =
        switch (config.unlistedHosts()) {
          case REMOVE_USER_TOKEN ->
              "user tokens are removed, everything else passes"
                  + PodMeaning.guarded(config)
                  + " (layout gateway: refused)";
          case REFUSE -> "refused";
        };
    return new Meaning(issuers, users, PodMeaning.of(config), servers, unlisted);
  }

  private static String opaque(OpaqueTokens tokens) {
    return switch (tokens) {
      case REFUSE -> "";
      case INTROSPECT -> "; what is no JWT is shown to the issuer";
      case EXCHANGE_VALIDATES -> "; what is no JWT is left to the exchange";
    };
  }

  private static Line issuer(IssuerConfig issuer) {
    return new Line(
        issuer.name(),
        issuer.issuer()
            + (issuer.profile() == Profile.GENERIC
                ? ""
                : ", profile " + issuer.profile().name().toLowerCase(Locale.ROOT))
            + client(issuer)
            + errors(issuer)
            + (issuer.dpopBoundAccessTokens() ? ", tokens bound by DPoP" : "")
            + (issuer.connectTo() == null ? "" : ", dialled at " + issuer.connectTo())
            + ", within "
            + issuer.timeout().toMillis()
            + " ms, "
            + issuer.maxInFlight()
            + " calls at a time");
  }

  private static String errors(IssuerConfig issuer) {
    return new TreeMap<>(issuer.errors())
        .entrySet().stream()
            .map(error -> ", error " + error.getKey() + " means " + error.getValue())
            .collect(Collectors.joining());
  }

  private static String client(IssuerConfig issuer) {
    if (issuer.clientId() == null) {
      return issuer.clientAssertionFile() == null
          ? ", no client"
          : ", the client that its assertion names (private_key_jwt)";
    }
    String method = issuer.tokenEndpointAuthMethod().name().toLowerCase(Locale.ROOT);
    String proof =
        issuer.tokenEndpointAuthMethod() == ClientAuthMethod.NONE
            ? "no client authentication"
            : method;
    return ", client " + issuer.clientId() + " (" + proof + ")";
  }

  /** By what a user is known at a server; empty: by nothing. */
  private static String sources(Config config, ServerConfig server) {
    List<UserTokenSource> counting =
        config.userToken().from().stream()
            .filter(source ->
                !(source instanceof UserTokenSource.Correlator)
                    || config.inbound() == null
                    || config.inbound().handleServers().contains(server.name()))
            .toList();
    String names = counting.stream().map(Meaning::source).collect(Collectors.joining(", else "));
    if (counting.isEmpty()) {
      return "no user: a handle does not count here";
    }
    return counting.getFirst() instanceof UserTokenSource.Correlator
        ? "the user known by " + names
        : "the user whose token is in " + names;
  }

  /** A place of the user token, or what else tells the user. */
  static String source(UserTokenSource source) {
    return switch (source) {
      case UserTokenSource.Authorization authorization -> "Authorization";
      case UserTokenSource.Header header -> header.name();
      case UserTokenSource.Handle handle -> "a handle";
      case UserTokenSource.TraceId trace -> "the trace id";
      case UserTokenSource.Workload workload -> "being the only one";
    };
  }

  private static Server server(Config config, ServerConfig server) {
    GrantConfig grant = server.grant();
    return new Server(
        server.name(),
        where(server),
        who(config, server),
        how(config, grant),
        target(grant),
        grant instanceof GrantConfig.Asking || grant instanceof GrantConfig.TokenBroker
            ? expect(server.expect(), grant.needsUser())
            : "");
  }

  private static String where(ServerConfig server) {
    String aliases =
        server.aliases().isEmpty()
            ? ""
            : ", also called "
                + server.aliases().stream().map(URI::toString).collect(Collectors.joining(", "));
    if (server.grant() instanceof GrantConfig.Refuse) {
      return server.url() + aliases;
    }
    TlsConfig tls = server.upstream().tls();
    String name = tls == null || tls.serverName() == null ? "" : " as " + tls.serverName();
    return server.url()
        + aliases
        + "; Envoy dials "
        + server.upstream().address()
        + (tls == null ? " in plain text" : " over TLS" + name);
  }

  private static String who(Config config, ServerConfig server) {
    if (server.grant() instanceof GrantConfig.Refuse) {
      return "nobody";
    }
    if (!server.grant().needsUser()) {
      return "every call of the agent, with or without a user";
    }
    return sources(config, server)
        + "; without one: "
        + (server.withoutUser() instanceof GrantConfig.Refuse
            ? "refused"
            : without(config, server.withoutUser()));
  }

  private static String without(Config config, GrantConfig grant) {
    if (grant instanceof GrantConfig.None) {
      return "called without a token";
    }
    String target = target(grant);
    return how(config, grant) + (target.isEmpty() ? "" : ", for " + target);
  }

  private static String how(Config config, GrantConfig grant) {
    return switch (grant) {
      case GrantConfig.Asking asking -> asking.type() + " at " + at(config, asking) + with(asking);
      case GrantConfig.TokenBroker broker ->
          "token_broker at " + broker.url() + ", within " + broker.maxWait().toSeconds() + " s";
      case GrantConfig.Static file ->
          "static: " + file.scheme() + " and the content of " + file.tokenFile();
      case GrantConfig.None none -> "none: the user token is removed, nothing is added";
      case GrantConfig.Refuse refuse -> "refuse: every call is answered with 403";
    };
  }

  /** What a grant sends beside its target, presets of the issuer's profile among it. */
  private static String with(GrantConfig.Asking grant) {
    List<String> parts = new ArrayList<>();
    if (grant.subjectTokenFrom() != null) {
      parts.add("the subject token from grant " + grant.subjectTokenFrom());
    }
    switch (grant) {
      case GrantConfig.TokenExchange exchange -> {
        if (exchange.actorTokenType() != null) {
          parts.add(
              exchange.actorTokenFrom() == null
                  ? "an actor token"
                  : "the actor token from grant " + exchange.actorTokenFrom());
        }
        types(parts, exchange.subjectTokenType(), exchange.requestedTokenType());
      }
      case GrantConfig.BrokeredToken brokered -> {
        if (brokered.endpoint() == null) {
          parts.add("grant_type " + brokered.grantType());
          types(parts, brokered.subjectTokenType(), brokered.requestedTokenType());
        } else {
          parts.add("a GET of " + brokered.endpoint());
        }
      }
      case GrantConfig.IdJag jag -> types(parts, jag.subjectTokenType(), null);
      case GrantConfig.ClientCredentials credentials -> {}
      case GrantConfig.JwtBearer bearer -> {}
    }
    new TreeMap<>(grant.extraParameters()).forEach((name, value) -> parts.add(name + "=" + value));
    return parts.isEmpty() ? "" : ", with " + String.join(", ", parts);
  }

  private static void types(List<String> parts, String subject, @Nullable String requested) {
    if (!subject.endsWith(":access_token")) {
      parts.add("subject_token_type " + subject);
    }
    if (requested != null) {
      parts.add("requested_token_type " + requested);
    }
  }

  private static String at(Config config, GrantConfig.Asking grant) {
    return grant instanceof GrantConfig.IdJag jag
        ? at(config, jag.identityIssuer()) + ", then at " + at(config, jag.issuer())
        : at(config, grant.issuer());
  }

  private static String at(Config config, String name) {
    IssuerConfig issuer = config.issuers().get(name);
    return name + (issuer == null || issuer.clientId() == null ? "" : " as " + issuer.clientId());
  }

  private static String target(GrantConfig grant) {
    return grant instanceof GrantConfig.Asking asking
        ? target(asking.audience(), asking.resource(), asking.scope())
        : "";
  }

  private static String target(List<String> audience, List<URI> resource, List<String> scope) {
    List<String> parts = new ArrayList<>();
    if (!audience.isEmpty()) {
      parts.add("audience " + String.join(" ", audience));
    }
    if (!resource.isEmpty()) {
      parts.add(
          "resource " + resource.stream().map(URI::toString).collect(Collectors.joining(" ")));
    }
    parts.add(scope.isEmpty() ? "the issuer's own scope" : "scope " + String.join(" ", scope));
    return String.join(", ", parts);
  }

  private static String expect(ExpectConfig expect, boolean user) {
    List<String> parts = new ArrayList<>();
    if (expect.iss() != null) {
      parts.add("iss " + expect.iss());
    }
    if (!expect.audience().isEmpty()) {
      String others =
          expect.audience().size() == 1
              ? ""
              : ", perhaps "
                  + String.join(" ", expect.audience().subList(1, expect.audience().size()));
      parts.add("aud " + expect.audience().getFirst() + others + " and no other");
    }
    if (user && expect.sub() == ExpectConfig.Sub.SAME) {
      parts.add("the user's sub");
    }
    if (user && expect.userClaim() != null) {
      parts.add("the user's " + expect.userClaim());
    }
    if (expect.act() == ExpectConfig.Act.REQUIRED) {
      parts.add(expect.actSub() == null ? "act" : "act of " + expect.actSub());
    }
    List<String> scope = expect.scope();
    if (scope != null) {
      parts.add("at most scope " + String.join(" ", scope));
    }
    String format =
        expect.format() == ExpectConfig.Format.JWT
            ? "a JWT"
            : parts.isEmpty() ? "any token" : "any token; of a JWT";
    parts.addFirst(format);
    return String.join(", ", parts);
  }
}
