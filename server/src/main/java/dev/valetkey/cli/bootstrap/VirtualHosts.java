package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import dev.valetkey.config.UserTokenSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The route tables of the agent's calls. Servers on one host share a virtual host and are told
 * apart by path; every route says in {@code context_extensions} what its Check is about.
 */
final class VirtualHosts {
  private final Config config;
  private final Routes routes;

  VirtualHosts(Config config, Names names) {
    this.config = config;
    this.routes = new Routes(names);
  }

  /**
   * Every listed host, and a host {@code *} whose calls are checked, refused and never sent. For
   * listeners that take the port off the host.
   */
  List<Yaml.Mapping> listedElseRefused() {
    Set<String> taken = new HashSet<>();
    List<Yaml.Mapping> hosts = new ArrayList<>();
    hosts.add(
        map()
            .put("name", Names.unique("unlisted", taken))
            .put("domains", texts("*"))
            .put("typed_per_filter_config", FilterSettings.checkAndRefuse())
            .put("routes", list(Routes.notFound())));
    hosts.addAll(listed(taken, List.of(), false));
    return hosts;
  }

  /** Every listed host and no other. For listeners that take the port off the host. */
  List<Yaml.Mapping> listed() {
    return listed(new HashSet<>(), List.of(), false);
  }

  /** Every listed host on any port, and a host {@code *} whose calls are checked and pass. */
  List<Yaml.Mapping> listedElsePassed() {
    Set<String> taken = new HashSet<>();
    List<Yaml.Mapping> hosts = new ArrayList<>();
    hosts.add(
        map()
            .put("name", Names.unique("unlisted", taken))
            .put("domains", texts("*"))
            .put("request_headers_to_remove", texts("x-forwarded-proto"))
            .put("typed_per_filter_config", FilterSettings.check("unlisted"))
            .put("routes", list(Routes.pass())));
    hosts.addAll(listed(taken, List.of(), true));
    return hosts;
  }

  /**
   * The same for an explicit proxy: CONNECT leads to the listener that opens TLS where the host is
   * listed, and elsewhere out of the pod if {@code otherTls}. The proxy's own port is no host.
   *
   * @param opened whether listed TLS is opened; refused otherwise
   */
  List<Yaml.Mapping> proxied(int ownPort, boolean opened, boolean otherTls) {
    Set<String> taken = new HashSet<>();
    List<Yaml.Mapping> hosts = new ArrayList<>();
    hosts.add(
        map()
            .put("name", Names.unique("ourselves", taken))
            .put("domains", texts("*:" + ownPort))
            .put("typed_per_filter_config", FilterSettings.noCheck())
            .put("routes", list(Routes.connect(403), Routes.notFound())));
    hosts.add(
        map()
            .put("name", Names.unique("unlisted", taken))
            .put("domains", texts("*"))
            .put("request_headers_to_remove", texts(withHopHeaders(List.of("x-forwarded-proto"))))
            .put("typed_per_filter_config", FilterSettings.check("unlisted"))
            .put("routes", list(otherTls ? Routes.tunnel() : Routes.connect(403), Routes.pass())));
    Yaml.Mapping connect = opened ? Routes.open() : Routes.connect(403);
    hosts.addAll(listed(taken, List.of(connect), true));
    return hosts;
  }

  /**
   * Second attempts: the servers whose token can be renewed, under the host that the first attempt
   * was rewritten to.
   */
  List<Yaml.Mapping> retry() {
    List<Yaml.Mapping> hosts = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    Place.grouped(config.servers().values().stream().filter(Routes::renews).toList(), false)
        .forEach((places, domains) ->
            hosts.add(
                host(places, domains, taken)
                    .put("request_headers_to_remove", texts("x-forwarded-proto"))
                    .put("routes", list(places.stream().map(routes::retry).toList()))));
    return hosts;
  }

  /**
   * @param first routes that each host has before those of its servers
   * @param anyPort whether the listener leaves the port in the host
   */
  private List<Yaml.Mapping> listed(Set<String> taken, List<Yaml.Mapping> first, boolean anyPort) {
    List<Yaml.Mapping> hosts = new ArrayList<>();
    List<String> removed = first.isEmpty() ? removedHeaders() : withHopHeaders(removedHeaders());
    Place.grouped(config.servers().values(), true)
        .forEach((places, domains) ->
            hosts.add(
                host(places, anyPort ? onAnyPort(domains) : domains, taken)
                    .put("request_headers_to_remove", texts(removed))
                    .put("typed_per_filter_config", FilterSettings.hideUserToken())
                    .put(
                        "routes",
                        list(
                            Stream.concat(first.stream(), routes.outbound(places).stream())
                                .toList()))));
    return hosts;
  }

  private static List<String> onAnyPort(List<String> domains) {
    return domains.stream().flatMap(domain -> Stream.of(domain, domain + ":*")).toList();
  }

  /** The server with the shortest path gives the host its name: the others are parts of it. */
  private static Yaml.Mapping host(List<Place> places, List<String> domains, Set<String> taken) {
    return map()
        .put("name", Names.unique(places.getLast().server().name(), taken))
        .put("domains", texts(domains));
  }

  /** Dropped by the router, after the Check has seen them. */
  private List<String> removedHeaders() {
    Set<String> names = new LinkedHashSet<>(List.of("x-valetkey-user-token", "x-forwarded-proto"));
    for (UserTokenSource source : config.userToken().from()) {
      switch (source) {
        // The header filter has moved it; what stands there now is the server's own token.
        case UserTokenSource.Authorization authorization -> {}
        case UserTokenSource.Header header -> names.add(header.name());
        // The Check's answer removes the handle; a trace id opens nothing.
        case UserTokenSource.Correlator correlator -> {}
      }
    }
    return List.copyOf(names);
  }

  /** RFC 9110 §11.7.1, §7.6.1: what the agent says to its proxy is not for the server. */
  private static List<String> withHopHeaders(List<String> names) {
    return Stream.concat(names.stream(), Stream.of("proxy-authorization", "proxy-connection"))
        .toList();
  }
}
