package dev.valetkey.e2e;

import static dev.valetkey.e2e.Tree.document;
import static dev.valetkey.e2e.Tree.list;
import static dev.valetkey.e2e.Tree.map;
import static dev.valetkey.e2e.Tree.text;

import dev.valetkey.config.Config;
import dev.valetkey.testkit.TestCa;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A proxy as Envoy Gateway configures it, as far as our resources matter: one disabled ext_authz
 * filter for each SecurityPolicy, switched on by its routes with their context extensions, and
 * early header mutations (internal/xds/translator).
 */
final class EnvoyGatewayProxy {
  private static final String PER_ROUTE =
      "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";

  private final List<Map<String, Object>> resources;
  private final TestCa ca;
  private final TestCa.Certificate own;

  /**
   * @param own the certificate in EnvoyProxy's {@code clientCertificateRef}
   */
  EnvoyGatewayProxy(String resources, TestCa ca, TestCa.Certificate own) {
    this.resources = Tree.documents(resources);
    this.ca = ca;
    this.own = own;
  }

  String bootstrap(Config config) {
    List<Object> clusters = new ArrayList<>();
    of("Backend").forEach(backend -> clusters.add(cluster(backend)));
    List<Object> filters = new ArrayList<>();
    Map<String, Map<String, Object>> settings = new LinkedHashMap<>();
    for (Map<String, Object> policy : of("SecurityPolicy")) {
      filters.add(filter(policy));
      settings.put(text(list(policy, "spec", "targetRefs").getFirst(), "name"), settings(policy));
    }
    filters.add(
        document(
            "{name: envoy.filters.http.router, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router, suppress_envoy_headers: true}}"));
    Map<String, Object> manager =
        document(
            """
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: egress
            use_remote_address: true
            normalize_path: true
            server_header_transformation: PASS_THROUGH
            """);
    Map<String, Object> policy = of("ClientTrafficPolicy").getFirst();
    manager.put(
        "path_with_escaped_slashes_action",
        Map.of("RejectRequest", "REJECT_REQUEST")
            .get(text(policy, "spec", "path", "escapedSlashesAction")));
    manager.put(
        "merge_slashes", !text(policy, "spec", "path", "disableMergeSlashes").equals("true"));
    manager.put("early_header_mutation_extensions", List.of(early(policy)));
    manager.put("http_filters", filters);
    manager.put("route_config", routes(settings));
    return IstioProxy.bootstrap(config, manager, clusters);
  }

  private List<Map<String, Object>> of(String kind) {
    return resources.stream().filter(resource -> text(resource, "kind").equals(kind)).toList();
  }

  private static String name(Object resource) {
    return text(resource, "metadata", "name");
  }

  /** What is set comes before what is removed. */
  private static Map<String, Object> early(Map<String, Object> policy) {
    List<Object> mutations = new ArrayList<>();
    for (Object header : list(policy, "spec", "headers", "earlyRequestHeaders", "set")) {
      mutations.add(
          document(
              "{append: {header: {key: '%s', value: '%s'}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}}"
                  .formatted(text(header, "name"), text(header, "value"))));
    }
    list(policy, "spec", "headers", "earlyRequestHeaders", "remove")
        .forEach(header -> mutations.add(Map.of("remove", header)));
    Map<String, Object> config =
        document(
            "{\"@type\": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation}");
    config.put("mutations", mutations);
    return new LinkedHashMap<>(
        Map.of("name", "envoy.http.early_header_mutation.header_mutation", "typed_config", config));
  }

  private static String filterName(Object policy) {
    return "envoy.filters.http.ext_authz/securitypolicy/default/" + name(policy);
  }

  /**
   * Without encode_raw_headers and decoder_header_mutation_rules, which Envoy Gateway never says.
   */
  private static Map<String, Object> filter(Map<String, Object> policy) {
    Map<String, Object> auth = map(policy, "spec", "extAuth");
    return document(
        """
        name: %s
        disabled: true
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
          transport_api_version: V3
          failure_mode_allow: %s
          status_on_error: {code: %s}
          grpc_service: {timeout: %s, envoy_grpc: {cluster_name: %s}}
        """
            .formatted(
                filterName(policy),
                text(auth, "failOpen"),
                text(auth, "statusOnError"),
                text(auth, "timeout"),
                text(list(auth, "grpc", "backendRefs").getFirst(), "name")));
  }

  private static Map<String, Object> settings(Map<String, Object> policy) {
    Map<String, Object> context = new LinkedHashMap<>();
    list(policy, "spec", "extAuth", "contextExtensions")
        .forEach(extension -> context.put(text(extension, "name"), text(extension, "value")));
    Map<String, Object> perRoute = new LinkedHashMap<>();
    perRoute.put("@type", PER_ROUTE);
    perRoute.put("check_settings", Map.of("context_extensions", context));
    return new LinkedHashMap<>(Map.of(filterName(policy), perRoute));
  }

  /** Gateway API: the routes of one host are sorted by the length of their paths. */
  private Map<String, Object> routes(Map<String, Map<String, Object>> settings) {
    Map<String, List<Object>> byHost = new LinkedHashMap<>();
    of("HTTPRoute").stream()
        .sorted((a, b) -> path(b).length() - path(a).length())
        .forEach(route -> {
          List<Object> hosts = list(route, "spec", "hostnames");
          for (Object host : hosts.isEmpty() ? List.<Object>of("*") : hosts) {
            byHost
                .computeIfAbsent(host.toString(), h -> new ArrayList<>())
                .add(route(route, settings.get(name(route))));
          }
        });
    List<Object> hosts = new ArrayList<>();
    byHost.forEach((host, routes) -> {
      Map<String, Object> made = document("{name: 'eg/%s', domains: ['%s']}".formatted(host, host));
      made.put("routes", routes);
      hosts.add(made);
    });
    Map<String, Object> config =
        document("{name: default/valetkey/http, ignore_port_in_host_matching: true}");
    config.put("virtual_hosts", hosts);
    return config;
  }

  private static String path(Object route) {
    return text(
        list(list(route, "spec", "rules").getFirst(), "matches").getFirst(), "path", "value");
  }

  private Map<String, Object> route(Object resource, Map<String, Object> settings) {
    Object rule = list(resource, "spec", "rules").getFirst();
    Map<String, Object> route = document("{name: 'httproute/default/" + name(resource) + "'}");
    String path = path(resource);
    route.put("match", Map.of(path.equals("/") ? "prefix" : "path_separated_prefix", path));
    route.put("typed_per_filter_config", settings);
    Map<String, Object> to = new LinkedHashMap<>();
    for (Object filter : list(rule, "filters")) {
      switch (text(filter, "type")) {
        case "URLRewrite" -> to.put("host_rewrite_literal", text(filter, "urlRewrite", "hostname"));
        case "RequestHeaderModifier" ->
            route.put("request_headers_to_remove", list(filter, "requestHeaderModifier", "remove"));
        case "ExtensionRef" ->
            route.put("direct_response", Map.of("status", directResponse(filter)));
        default -> throw new AssertionError(Tree.print(filter));
      }
    }
    if (!route.containsKey("direct_response")) {
      to.put("cluster", text(list(rule, "backendRefs").getFirst(), "name"));
      to.put("timeout", text(rule, "timeouts", "request"));
      route.put("route", to);
    }
    return route;
  }

  private int directResponse(Object filter) {
    String name = text(filter, "extensionRef", "name");
    return of("HTTPRouteFilter").stream()
        .filter(resource -> name(resource).equals(name))
        .map(resource -> Integer.parseInt(text(resource, "spec", "directResponse", "statusCode")))
        .findFirst()
        .orElseThrow();
  }

  private Map<String, Object> cluster(Map<String, Object> backend) {
    Map<String, Object> endpoint = map(list(backend, "spec", "endpoints").getFirst());
    Map<String, Object> at = map(endpoint.values().iterator().next());
    Map<String, Object> cluster =
        document(
            "{name: %s, type: STRICT_DNS, dns_lookup_family: V4_ONLY, load_assignment: {cluster_name: %s, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %s}}}}]}]}}"
                .formatted(
                    name(backend),
                    name(backend),
                    at.getOrDefault("hostname", at.get("address")),
                    text(at, "port")));
    of("BackendTLSPolicy").stream()
        .filter(policy -> name(policy).equals(name(backend)))
        .forEach(policy -> Tree.merge(cluster, tls(policy)));
    return cluster;
  }

  private Map<String, Object> tls(Map<String, Object> policy) {
    assertClientCertificate();
    return document(
        """
        transport_socket:
          name: envoy.transport_sockets.tls
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
            sni: %s
            common_tls_context:
              tls_certificates: [{certificate_chain: {filename: %s}, private_key: {filename: %s}}]
              validation_context: {trusted_ca: {filename: %s}, match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: %s}}]}
        typed_extension_protocol_options:
          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
            "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
            explicit_http_config: {http2_protocol_options: {}}
        """
            .formatted(
                text(policy, "spec", "validation", "hostname"),
                own.chain(),
                own.key(),
                ca.pem(),
                text(policy, "spec", "validation", "hostname")));
  }

  private void assertClientCertificate() {
    String secret =
        text(of("EnvoyProxy").getFirst(), "spec", "backendTLS", "clientCertificateRef", "name");
    if (!secret.equals("valetkey-client")) {
      throw new AssertionError("no client certificate: " + secret);
    }
  }
}
