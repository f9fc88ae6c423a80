package dev.valetkey.config;

import dev.valetkey.config.InboundConfig.UserTokenToAgent;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What must hold for the pod around the agent: who may call us, the inbound side, opened TLS. */
final class PodRules {

  private PodRules() {}

  static void apply(Draft config, Map<String, Draft> servers, Findings findings) {
    listen(config, findings);
    serverFirst(config, servers, findings);
    inbound(config, servers, findings);
    intercept(config, servers, findings);
  }

  /** Plain TCP does not exist: an agent shares the pod's network. */
  private static void listen(Draft config, Findings findings) {
    Draft listen = config.get("listen", Draft.class);
    if (listen == null) {
      return;
    }
    if (listen.wrote("address") && !listen.wrote("tls")) {
      findings.problem(listen.path("address"), "needs listen.tls: there is no plain TCP");
    } else if (listen.wrote("tls") && !listen.wrote("address")) {
      findings.problem(listen.path("tls"), "is only used with listen.address");
    }
  }

  /** Nobody looks into what goes to these ports. */
  private static void serverFirst(Draft config, Map<String, Draft> servers, Findings findings) {
    Draft envoy = config.get("envoy", Draft.class);
    if (envoy == null) {
      return;
    }
    Set<Integer> ofHttp = new HashSet<>(Set.of(80, 443));
    for (Draft server : servers.values()) {
      Stream.concat(
              Stream.ofNullable(server.get("url", URI.class)),
              server.list("aliases", URI.class).stream())
          .forEach(url -> ofHttp.add(url.getPort()));
    }
    for (int port : envoy.list("server_first_ports", Integer.class)) {
      if (ofHttp.contains(port)) {
        findings.problem(
            envoy.path("server_first_ports"),
            "must not hold " + port + ": user tokens would pass there unseen");
      }
    }
  }

  private static void inbound(Draft config, Map<String, Draft> servers, Findings findings) {
    Draft inbound = config.get("inbound", Draft.class);
    boolean handles =
        inbound != null
            && inbound.get("user_token", UserTokenToAgent.class) == UserTokenToAgent.HANDLE;
    Draft userToken = config.get("user_token", Draft.class);
    if (userToken != null) {
      userToken.fill("from", usual(handles));
      sources(userToken, config.wrote("inbound"), handles, findings);
    }
    if (inbound == null) {
      return;
    }
    for (Draft user : config.list("users", Draft.class)) {
      if (user.get("opaque", OpaqueTokens.class) == OpaqueTokens.EXCHANGE_VALIDATES) {
        findings.problem(
            user.path("opaque"),
            "exchange_validates cannot judge users' calls of the agent (inbound); use introspect");
      }
    }
    inbound.fill("handle_servers", List.copyOf(servers.keySet()));
    for (String name : inbound.list("handle_servers", String.class)) {
      if (!servers.containsKey(name)) {
        findings.problem(
            inbound.path("handle_servers"),
            "no server is called '" + name + "'" + Names.hint(name, servers.keySet()));
      }
    }
  }

  private static List<UserTokenSource> usual(boolean handles) {
    return handles
        ? List.of(new UserTokenSource.Handle(), new UserTokenSource.TraceId())
        : List.of(new UserTokenSource.Authorization());
  }

  private static void sources(
      Draft userToken, boolean inbound, boolean handles, Findings findings) {
    List<UserTokenSource> from = userToken.list("from", UserTokenSource.class);
    boolean correlates = from.stream().anyMatch(UserTokenSource.Correlator.class::isInstance);
    if (correlates && !inbound) {
      findings.problem(
          userToken.path("from"),
          "handle, trace and workload need an inbound section: users are known from their calls of the agent");
    }
    if (handles && !correlates && !userToken.isBroken("from")) {
      findings.problem(
          userToken.path("from"),
          "must hold handle, trace or workload: the agent gets no user token that it could forward");
    }
    if (!handles && from.contains(new UserTokenSource.Handle())) {
      findings.problem(
          userToken.path("from"), "handle needs inbound.user_token: handle, which gives them out");
    }
  }

  private static void intercept(Draft config, Map<String, Draft> servers, Findings findings) {
    boolean anyTls =
        servers.values().stream()
            .map(server -> server.get("url", URI.class))
            .anyMatch(url -> url == null || url.getScheme().equals("https"));
    if (config.wrote("intercept") && !anyTls) {
      findings.problem("intercept", "has nothing to open: no server has an https url");
    }
  }
}
