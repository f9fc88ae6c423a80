package dev.valetkey.e2e;

import static dev.valetkey.e2e.Tree.document;
import static dev.valetkey.e2e.Tree.list;
import static dev.valetkey.e2e.Tree.map;
import static dev.valetkey.e2e.Tree.text;

import dev.valetkey.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A proxy of Istio's as istiod configures it, as far as our resources matter: clusters of
 * ServiceEntries, virtual hosts of VirtualServices, and an EnvoyFilter's patches applied in
 * istiod's order (pilot/pkg/networking/core/envoyfilter).
 */
final class IstioProxy {
  private final String context;
  private final String gateway;
  private final List<Map<String, Object>> resources;

  /**
   * @param context SIDECAR_OUTBOUND or GATEWAY
   * @param gateway whose routes of a VirtualService count; empty for a sidecar
   */
  IstioProxy(String context, String gateway, String resources) {
    this.context = context;
    this.gateway = gateway;
    this.resources = Tree.documents(resources);
  }

  /**
   * The whole as a bootstrap.
   *
   * @param elsewhere the port to which calls of unknown hosts pass
   */
  String bootstrap(Config config, int elsewhere) {
    List<Object> clusters = new ArrayList<>();
    List<Object> hosts = new ArrayList<>();
    clusters.add(cluster("PassthroughCluster", "127.0.0.1", String.valueOf(elsewhere)));
    of("ServiceEntry").forEach(entry -> clusters.addAll(clusters(entry)));
    of("VirtualService").forEach(service -> hosts.addAll(hosts(service)));
    hosts.add(
        document(
            "{name: allow_any, domains: ['*'], routes: [{name: allow_any, match: {prefix: /}, route: {cluster: PassthroughCluster, timeout: 0s}}]}"));
    Map<String, Object> manager =
        document(
            """
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: egress
            use_remote_address: false
            generate_request_id: true
            normalize_path: true
            stream_idle_timeout: 0s
            route_config: {name: "80"}
            http_filters:
            - {name: envoy.filters.http.cors, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}
            - {name: envoy.filters.http.router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
            """);
    map(manager, "route_config").put("virtual_hosts", hosts);
    for (Map<String, Object> filter : of("EnvoyFilter")) {
      list(filter, "spec", "configPatches").forEach(patch -> apply(patch, manager, clusters));
    }
    return bootstrap(config, manager, clusters);
  }

  private List<Map<String, Object>> of(String kind) {
    return resources.stream().filter(resource -> text(resource, "kind").equals(kind)).toList();
  }

  private static List<Object> clusters(Map<String, Object> entry) {
    List<Object> clusters = new ArrayList<>();
    Object port = list(entry, "spec", "ports").getFirst();
    Object endpoint = list(entry, "spec", "endpoints").getFirst();
    for (Object host : list(entry, "spec", "hosts")) {
      clusters.add(
          cluster(
              "outbound|" + text(port, "number") + "||" + host,
              text(endpoint, "address"),
              text(port, "targetPort")));
    }
    return clusters;
  }

  private static Map<String, Object> cluster(String name, String address, String port) {
    return document(
        "{name: '%s', type: STRICT_DNS, load_assignment: {cluster_name: '%s', endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %s}}}}]}]}}"
            .formatted(name, name, address, port));
  }

  private List<Object> hosts(Map<String, Object> service) {
    List<Object> routes = new ArrayList<>();
    for (Object rule : list(service, "spec", "http")) {
      for (Object match : list(rule, "match")) {
        boolean counts =
            gateway.isEmpty()
                ? list(match, "gateways").isEmpty()
                : list(match, "gateways").contains(gateway);
        if (counts) {
          routes.add(route(map(rule), match));
        }
      }
    }
    List<Object> hosts = new ArrayList<>();
    for (Object host : list(service, "spec", "hosts")) {
      Map<String, Object> made =
          document("{name: '%s:80', domains: ['%s', '%s:80']}".formatted(host, host, host));
      made.put("routes", copies(routes));
      hosts.add(made);
    }
    return hosts;
  }

  private static List<Object> copies(List<Object> routes) {
    return new ArrayList<>(routes.stream().map(r -> (Object) document(Tree.print(r))).toList());
  }

  private static Map<String, Object> route(Map<String, Object> rule, Object match) {
    Map<String, Object> route = document("{name: '" + text(rule, "name") + "'}");
    Map<String, Object> uri = map(match, "uri");
    route.put(
        "match",
        uri.containsKey("exact")
            ? Map.of("path", text(uri, "exact"))
            : Map.of("prefix", text(uri, "prefix")));
    if (rule.containsKey("directResponse")) {
      route.put("direct_response", rule.get("directResponse"));
      return route;
    }
    Map<String, Object> destination = map(list(rule, "route").getFirst(), "destination");
    route.put(
        "route",
        document(
            "{cluster: 'outbound|%s||%s', host_rewrite_literal: '%s', timeout: %s}"
                .formatted(
                    text(destination, "port", "number"),
                    text(destination, "host"),
                    text(rule, "rewrite", "authority"),
                    text(rule, "timeout"))));
    return route;
  }

  private void apply(Object patch, Map<String, Object> manager, List<Object> clusters) {
    Map<String, Object> match = map(patch, "match");
    Map<String, Object> value = map(patch, "patch", "value");
    String kind = text(patch, "applyTo") + " " + text(patch, "patch", "operation");
    if (!text(match, "context").equals(context)) {
      return;
    }
    switch (kind) {
      case "CLUSTER ADD" -> clusters.add(value);
      case "NETWORK_FILTER MERGE" -> Tree.merge(manager, map(value, "typed_config"));
      case "HTTP_FILTER INSERT_BEFORE" -> {
        String before = text(match, "listener", "filterChain", "filter", "subFilter", "name");
        List<Object> filters = new ArrayList<>(list(manager, "http_filters"));
        int at = filters.stream().map(f -> text(f, "name")).toList().indexOf(before);
        filters.add(at, value);
        manager.put("http_filters", filters);
      }
      case "ROUTE_CONFIGURATION MERGE" -> Tree.merge(map(manager, "route_config"), value);
      case "HTTP_ROUTE MERGE" -> {
        String name = text(match, "routeConfiguration", "vhost", "route", "name");
        list(manager, "route_config", "virtual_hosts").stream()
            .flatMap(host -> list(host, "routes").stream())
            .filter(route -> text(route, "name").equals(name))
            .forEach(route -> Tree.merge(map(route), map(document(Tree.print(value)))));
      }
      default -> throw new AssertionError("istiod knows it, this test does not: " + kind);
    }
  }

  static String bootstrap(Config config, Map<String, Object> manager, List<Object> clusters) {
    String listen = config.envoy().listen();
    Map<String, Object> bootstrap =
        document(
            """
            node: {id: proxy, cluster: agents}
            admin: {address: {pipe: {path: '%s', mode: 384}}}
            static_resources:
              listeners:
              - name: 0.0.0.0_80
                address: {socket_address: {address: 127.0.0.1, port_value: %s}}
                filter_chains: [{filters: [{name: envoy.filters.network.http_connection_manager}]}]
            """
                .formatted(
                    config.envoy().adminSocket(), listen.substring(listen.lastIndexOf(':') + 1)));
    Object listener = list(bootstrap, "static_resources", "listeners").getFirst();
    Object chain = list(listener, "filter_chains").getFirst();
    map(list(chain, "filters").getFirst()).put("typed_config", manager);
    map(bootstrap, "static_resources").put("clusters", clusters);
    return Tree.print(bootstrap);
  }
}
