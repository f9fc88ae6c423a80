package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.UserTokenSource;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The route tables of the two listeners. Servers on one host share a virtual host and are told
 * apart by path; every route says in {@code context_extensions} what its Check is about.
 */
final class VirtualHosts {
  private static final String AUTHZ_PER_ROUTE =
      "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
  private static final String HEADERS_PER_ROUTE =
      "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";

  private final Config config;
  private final Names names;

  VirtualHosts(Config config, Names names) {
    this.config = config;
    this.names = names;
  }

  /** A server at one of its addresses. */
  private record Place(String path, ServerConfig server) {}

  /**
   * What the agent may call: every listed host, and a host {@code *} whose calls are checked,
   * refused and never sent.
   */
  List<Yaml.Mapping> egress() {
    List<Yaml.Mapping> hosts = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    hosts.add(unlisted(Names.unique("unlisted", taken)));
    byPlaces(config.servers().values(), true)
        .forEach((places, domains) ->
            hosts.add(
                host(places, domains, taken)
                    .put("request_headers_to_remove", texts(removedHeaders()))
                    .put("typed_per_filter_config", hideUserToken())
                    .put("routes", list(egressRoutes(places)))));
    return hosts;
  }

  /**
   * Second attempts: the servers whose token can be renewed, under the host that the first attempt
   * was rewritten to.
   */
  List<Yaml.Mapping> retry() {
    List<Yaml.Mapping> hosts = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    byPlaces(config.servers().values().stream().filter(VirtualHosts::renews).toList(), false)
        .forEach((places, domains) ->
            hosts.add(
                host(places, domains, taken)
                    .put("request_headers_to_remove", texts("x-forwarded-proto"))
                    .put("routes", list(places.stream().map(this::retryRoute).toList()))));
    return hosts;
  }

  /**
   * Whether a server's 401 gets a second attempt. {@code without_user} acts only beside grants that
   * renew, and adds none.
   */
  static boolean renews(ServerConfig server) {
    return server.grant().renewable();
  }

  /**
   * Hosts that hold the same servers at the same paths are one virtual host. Longer paths come
   * first: the first match counts.
   */
  private static Map<List<Place>, List<String>> byPlaces(
      Iterable<ServerConfig> servers, boolean aliases) {
    Map<String, List<Place>> byHost = new LinkedHashMap<>();
    for (ServerConfig server : servers) {
      Stream<URI> addresses =
          Stream.concat(
              Stream.of(server.url()), aliases ? server.aliases().stream() : Stream.empty());
      addresses.forEach(address -> {
        List<Place> places = byHost.computeIfAbsent(domain(address), host -> new ArrayList<>());
        Place place = new Place(path(server.url()), server);
        if (!places.contains(place)) {
          places.add(place);
        }
      });
    }
    Map<List<Place>, List<String>> byPlaces = new LinkedHashMap<>();
    byHost.forEach((host, places) -> {
      places.sort(Comparator.comparingInt((Place place) -> place.path().length()).reversed());
      byPlaces.computeIfAbsent(places, key -> new ArrayList<>()).add(host);
    });
    return byPlaces;
  }

  /** As Envoy compares it: without a port and without the final dot. */
  private static String domain(URI address) {
    String host = address.getHost().toLowerCase(Locale.ROOT);
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  /** The path of all the server's addresses, without a final slash; the root is a slash. */
  private static String path(URI url) {
    String path = url.getRawPath();
    if (path == null || path.length() < 2) {
      return "/";
    }
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static Yaml.Mapping unlisted(String name) {
    Yaml.Mapping route =
        map()
            .put("match", map().put("prefix", "/"))
            .put("direct_response", map().put("status", 404));
    return map()
        .put("name", name)
        .put("domains", texts("*"))
        .put(
            "typed_per_filter_config",
            check(map().put("valetkey.direction", "unlisted").put("valetkey.unlisted", "refuse")))
        .put("routes", list(route));
  }

  private static Yaml.Mapping host(List<Place> places, List<String> domains, Set<String> taken) {
    return map()
        .put("name", Names.unique(first(places).name(), taken))
        .put("domains", texts(domains));
  }

  /** The server with the shortest path gives the host its name: the others are parts of it. */
  private static ServerConfig first(List<Place> places) {
    return places.getLast().server();
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

  /**
   * The user token leaves Authorization before the Check, and the header that holds it is dropped
   * after it: whatever the Check does or does not do, the user token cannot leave the pod.
   */
  private static Yaml.Mapping hideUserToken() {
    Yaml.Mapping move =
        map()
            .put(
                "append",
                map()
                    .put(
                        "header",
                        map()
                            .put("key", "x-valetkey-user-token")
                            .put("value", "%REQ(AUTHORIZATION)%"))
                    .put("append_action", "OVERWRITE_IF_EXISTS_OR_ADD"));
    Yaml.Mapping mutations =
        map().put("request_mutations", list(move, map().put("remove", "authorization")));
    return map()
        .put(
            "envoy.filters.http.header_mutation",
            Types.config(HEADERS_PER_ROUTE).put("mutations", mutations));
  }

  private List<Yaml.Mapping> egressRoutes(List<Place> places) {
    List<Yaml.Mapping> routes = new ArrayList<>();
    places.forEach(place -> routes.add(egressRoute(place)));
    if (places.stream().noneMatch(place -> place.path().equals("/"))) {
      // Any other path of the host: a Check that refuses it as not listed, and nothing behind it.
      routes.add(
          map()
              .put("match", map().put("prefix", "/"))
              .put("direct_response", map().put("status", 404))
              .put("typed_per_filter_config", check("outbound", first(places))));
    }
    return routes;
  }

  private Yaml.Mapping egressRoute(Place place) {
    Yaml.Mapping route = map().put("match", match(place.path()));
    if (place.server().grant() instanceof GrantConfig.Refuse) {
      route.put("direct_response", map().put("status", 403));
    } else if (renews(place.server())) {
      route.put(
          "route",
          to(names.aggregate(place.server().name()), place.server())
              .put("retry_policy", onceAfter401()));
    } else {
      route.put("route", to(names.cluster(place.server().name()), place.server()));
    }
    return route.put("typed_per_filter_config", check("outbound", place.server()));
  }

  private Yaml.Mapping retryRoute(Place place) {
    return map()
        .put("match", match(place.path()))
        .put("route", to(names.cluster(place.server().name()), place.server()))
        .put("typed_per_filter_config", check("retry", place.server()));
  }

  /** A prefix on segment boundaries. */
  private static Yaml.Mapping match(String path) {
    return map().put(path.equals("/") ? "prefix" : "path_separated_prefix", path);
  }

  private static Yaml.Mapping to(String cluster, ServerConfig server) {
    return map()
        .put("cluster", cluster)
        .put("timeout", "0s") // streams: Envoy cuts after 15 s otherwise
        .put("host_rewrite_literal", authority(server.url()));
  }

  private static String authority(URI url) {
    boolean https = "https".equalsIgnoreCase(url.getScheme());
    boolean defaultPort = url.getPort() == -1 || url.getPort() == (https ? 443 : 80);
    return domain(url) + (defaultPort ? "" : ":" + url.getPort());
  }

  /**
   * The second attempt goes to the other member of the aggregate. Our own refusal is a local reply
   * and is never retried.
   */
  private static Yaml.Mapping onceAfter401() {
    return map()
        .put("retry_on", "retriable-status-codes")
        .put("retriable_status_codes", new Yaml.Sequence(List.of(new Yaml.Int(401))))
        .put("num_retries", 1)
        .put("retry_back_off", map().put("base_interval", "0.001s").put("max_interval", "0.001s"))
        .put(
            "retry_priority",
            map()
                .put("name", "envoy.retry_priorities.previous_priorities")
                .put(
                    "typed_config",
                    Types.config(
                            "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig")
                        .put("update_frequency", 1)));
  }

  private static Yaml.Mapping check(String direction, ServerConfig server) {
    return check(map().put("valetkey.direction", direction).put("valetkey.server", server.name()));
  }

  private static Yaml.Mapping check(Yaml.Mapping context) {
    return map()
        .put(
            "envoy.filters.http.ext_authz",
            Types.config(AUTHZ_PER_ROUTE)
                .put("check_settings", map().put("context_extensions", context)));
  }
}
