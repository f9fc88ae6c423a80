package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import dev.valetkey.config.UserTokenSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Istio's {@code EnvoyFilter}: our changes of what istiod generates for one kind of proxy. Every
 * call is checked; a route says which server it leads to, and one that says nothing leads to a host
 * that is no server.
 */
final class EnvoyFilter {
  private static final String MANAGER = "envoy.filters.network.http_connection_manager";

  private final String context;
  private final List<Yaml.Mapping> patches = new ArrayList<>();

  /**
   * @param context which proxies: SIDECAR_OUTBOUND or GATEWAY
   * @param sidecar the cluster of the sidecar
   */
  EnvoyFilter(String context, Config config, Yaml.Mapping sidecar) {
    this.context = context;
    HttpFilters filters = new HttpFilters(config);
    patch("CLUSTER", map(), "ADD", sidecar);
    patch("NETWORK_FILTER", inManager(map()), "MERGE", refusedByServer());
    patch("HTTP_FILTER", beforeRouter(), "INSERT_BEFORE", HttpFilters.dropForgedHeaders());
    patch("HTTP_FILTER", beforeRouter(), "INSERT_BEFORE", filters.authorization());
    patch(
        "ROUTE_CONFIGURATION",
        map(),
        "MERGE",
        map().put("typed_per_filter_config", FilterSettings.check("unlisted")));
  }

  /** The route of this name, which a VirtualService gave it, leads to the server of the place. */
  void route(String name, Place place, Config config) {
    Yaml.Mapping settings = FilterSettings.hideUserToken();
    FilterSettings.check("outbound", place.server()).entries().forEach(settings::put);
    patch(
        "HTTP_ROUTE",
        map()
            .put(
                "routeConfiguration",
                map().put("vhost", map().put("route", map().put("name", name)))),
        "MERGE",
        map()
            .put("request_headers_to_remove", texts(removedHeaders(config)))
            .put("typed_per_filter_config", settings));
  }

  /** The resource, for the workloads with this label. */
  Yaml.Mapping resource(String label, String value) {
    return Kubernetes.resource(
        "networking.istio.io/v1alpha3",
        "EnvoyFilter",
        "valetkey",
        map()
            .put("workloadSelector", map().put("labels", map().put(label, value)))
            .put("configPatches", list(patches)));
  }

  private void patch(String applyTo, Yaml.Mapping match, String operation, Yaml.Mapping value) {
    Yaml.Mapping where = map().put("context", context);
    match.entries().forEach(where::put);
    patches.add(
        map()
            .put("applyTo", applyTo)
            .put("match", where)
            .put("patch", map().put("operation", operation).put("value", value)));
  }

  private static Yaml.Mapping inManager(Yaml.Mapping subFilter) {
    Yaml.Mapping filter = map().put("name", MANAGER);
    subFilter.entries().forEach(filter::put);
    return map().put("listener", map().put("filterChain", map().put("filter", filter)));
  }

  private static Yaml.Mapping beforeRouter() {
    return inManager(map().put("subFilter", map().put("name", "envoy.filters.http.router")));
  }

  private static Yaml.Mapping refusedByServer() {
    return map()
        .put("name", MANAGER)
        .put(
            "typed_config",
            Types.config(
                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
                .put("access_log", list(ConnectionManagers.refusedByServer())));
  }

  /** Dropped by the router, after the Check has seen them. */
  static List<String> removedHeaders(Config config) {
    Set<String> names = new LinkedHashSet<>(List.of("x-valetkey-user-token", "x-forwarded-proto"));
    config
        .userToken()
        .from()
        .forEach(source -> {
          if (source instanceof UserTokenSource.Header header) {
            names.add(header.name());
          }
        });
    return List.copyOf(names);
  }
}
