package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.TlsConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The layout {@code envoy-gateway}: resources for Envoy Gateway 1.8 or later, which asks us at
 * {@code listen.address} by mutual TLS. Agents call {@code http://HOST} at the Gateway; a route and
 * a policy for each server say what the Check is about, and every other host is refused.
 */
public final class EnvoyGateway {
  private static final String HEADER =
      """
      # Envoy Gateway resources, layout "envoy-gateway", printed by "valetkey envoy". Change the valetkey file and print it again.
      # For the namespace of the Gateway. Needs extensionApis.enableBackend, the Secret valetkey-client (our client certificate)
      # and the ConfigMap valetkey-ca (ca.crt): docs/envoy-gateway.md.
      """;

  private static final String GATEWAY_API = "gateway.networking.k8s.io";
  private static final String EXTENSIONS = "gateway.envoyproxy.io";
  private static final String NAME = "valetkey";

  private final Config config;
  private final List<Yaml.Mapping> resources = new ArrayList<>();

  private EnvoyGateway(Config config) {
    this.config = config;
  }

  /** What this layout cannot say, as a sentence; empty if it can. */
  public static String problem(Config config) {
    return Kubernetes.problem(config);
  }

  /** The resources as YAML; {@code envoy.sidecar} must be there. */
  public static String print(Config config) {
    EnvoyGateway layout = new EnvoyGateway(config);
    layout.addGateway();
    layout.addSidecar();
    Place.grouped(config.servers().values(), true).forEach(layout::addServers);
    layout.addRefusal(NAME, List.of(), "/", unlisted(), 404);
    return Kubernetes.print(HEADER, layout.resources);
  }

  /** The user token leaves Authorization as soon as a call arrives, whoever is called. */
  private void addGateway() {
    UpstreamAddress listen = UpstreamAddress.parse(config.envoy().listen());
    Yaml.Mapping listener =
        map()
            .put("name", "http")
            .put("port", listen.port())
            .put("protocol", "HTTP")
            .put("allowedRoutes", map().put("namespaces", map().put("from", "Same")));
    Yaml.Mapping parameters =
        map().put("group", EXTENSIONS).put("kind", "EnvoyProxy").put("name", NAME);
    add(
        GATEWAY_API + "/v1",
        "Gateway",
        NAME,
        map()
            .put("gatewayClassName", "eg")
            .put("infrastructure", map().put("parametersRef", parameters))
            .put("listeners", list(listener)));
    Yaml.Mapping certificate = map().put("kind", "Secret").put("name", "valetkey-client");
    add(
        EXTENSIONS + "/v1alpha1",
        "EnvoyProxy",
        NAME,
        map().put("backendTLS", map().put("clientCertificateRef", certificate)));
    Yaml.Mapping moved =
        map().put("name", "x-valetkey-user-token").put("value", "%REQ(AUTHORIZATION)%");
    add(
        EXTENSIONS + "/v1alpha1",
        "ClientTrafficPolicy",
        NAME,
        map()
            .put("targetRefs", list(target(GATEWAY_API, "Gateway", NAME)))
            .put(
                "headers",
                map()
                    .put(
                        "earlyRequestHeaders",
                        map().put("set", list(moved)).put("remove", texts("authorization"))))
            .put(
                "path",
                map()
                    .put("escapedSlashesAction", "RejectRequest")
                    .put("disableMergeSlashes", true)));
  }

  private void addSidecar() {
    SidecarAddress sidecar = SidecarAddress.of(config.envoy());
    addBackend(NAME, sidecar.address());
    Yaml.Mapping authority =
        map().put("group", "").put("kind", "ConfigMap").put("name", "valetkey-ca");
    Yaml.Mapping validation =
        map().put("hostname", sidecar.address().host()).put("caCertificateRefs", list(authority));
    if (sidecar.namedByUri()) {
      validation.put("subjectAltNames", list(map().put("type", "URI").put("uri", sidecar.name())));
    } else if (!sidecar.name().equals(sidecar.address().host())) {
      validation.put(
          "subjectAltNames", list(map().put("type", "Hostname").put("hostname", sidecar.name())));
    }
    addTls(NAME, validation);
  }

  private void addServers(List<Place> places, List<String> domains) {
    for (Place place : places) {
      ServerConfig server = place.server();
      String name = Kubernetes.name(server.name());
      if (server.grant() instanceof GrantConfig.Refuse) {
        addRefusal(name, domains, place.path(), outbound(server), 403);
      } else {
        addServer(name, place, domains);
      }
    }
    if (places.stream().noneMatch(place -> place.path().equals("/"))) {
      // Any other path of the host: a Check that refuses it as not listed, and nothing behind it.
      ServerConfig first = places.getLast().server();
      addRefusal(Kubernetes.name(first.name()) + ".rest", domains, "/", outbound(first), 404);
    }
  }

  private void addServer(String name, Place place, List<String> domains) {
    ServerConfig server = place.server();
    UpstreamAddress upstream = UpstreamAddress.parse(server.upstream().address());
    addBackend(name, upstream);
    TlsConfig tls = server.upstream().tls();
    if (tls != null) {
      String expected = tls.serverName() == null ? upstream.host() : tls.serverName();
      addTls(name, map().put("hostname", expected).put("wellKnownCACertificates", "System"));
    }
    Yaml.Mapping rewrite =
        map()
            .put("type", "URLRewrite")
            .put("urlRewrite", map().put("hostname", Place.host(server.url())));
    Yaml.Mapping remove =
        map()
            .put("type", "RequestHeaderModifier")
            .put(
                "requestHeaderModifier",
                map().put("remove", texts(EnvoyFilter.removedHeaders(config))));
    Yaml.Mapping rule =
        map()
            .put("matches", list(match(place.path())))
            .put("filters", list(rewrite, remove))
            .put(
                "backendRefs",
                list(map().put("group", EXTENSIONS).put("kind", "Backend").put("name", name)))
            .put("timeouts", map().put("request", "0s")); // streams
    addRoute(name, domains, rule);
    addPolicy(name, outbound(server));
  }

  /** A path at which nothing is, after a Check that says so to the agent. */
  private void addRefusal(
      String name, List<String> domains, String path, Yaml.Mapping context, int status) {
    add(
        EXTENSIONS + "/v1alpha1",
        "HTTPRouteFilter",
        name,
        map().put("directResponse", map().put("statusCode", status)));
    Yaml.Mapping filter =
        map().put("group", EXTENSIONS).put("kind", "HTTPRouteFilter").put("name", name);
    addRoute(
        name,
        domains,
        map()
            .put("matches", list(match(path)))
            .put("filters", list(map().put("type", "ExtensionRef").put("extensionRef", filter))));
    addPolicy(name, context);
  }

  private void addRoute(String name, List<String> domains, Yaml.Mapping rule) {
    Yaml.Mapping spec = map().put("parentRefs", list(map().put("name", NAME)));
    if (!domains.isEmpty()) {
      spec.put("hostnames", texts(domains));
    }
    add(GATEWAY_API + "/v1", "HTTPRoute", name, spec.put("rules", list(rule)));
  }

  private void addPolicy(String name, Yaml.Mapping context) {
    Yaml.Mapping backend =
        map()
            .put("group", EXTENSIONS)
            .put("kind", "Backend")
            .put("name", NAME)
            .put("port", SidecarAddress.of(config.envoy()).address().port());
    List<Yaml.Mapping> extensions = new ArrayList<>();
    context
        .entries()
        .forEach((key, value) ->
            extensions.add(map().put("name", key).put("type", "Value").put("value", value)));
    add(
        EXTENSIONS + "/v1alpha1",
        "SecurityPolicy",
        name,
        map()
            .put("targetRefs", list(target(GATEWAY_API, "HTTPRoute", name)))
            .put(
                "extAuth",
                map()
                    .put("failOpen", false)
                    .put("statusOnError", 503)
                    .put("timeout", new HttpFilters(config).checkTimeoutText())
                    .put("contextExtensions", list(extensions))
                    .put("grpc", map().put("backendRefs", list(backend)))));
  }

  private void addBackend(String name, UpstreamAddress address) {
    Yaml.Mapping endpoint =
        address.ip()
            ? map().put("ip", map().put("address", address.host()).put("port", address.port()))
            : map().put("fqdn", map().put("hostname", address.host()).put("port", address.port()));
    add(EXTENSIONS + "/v1alpha1", "Backend", name, map().put("endpoints", list(endpoint)));
  }

  private void addTls(String name, Yaml.Mapping validation) {
    add(
        GATEWAY_API + "/v1",
        "BackendTLSPolicy",
        name,
        map()
            .put("targetRefs", list(target(EXTENSIONS, "Backend", name)))
            .put("validation", validation));
  }

  private void add(String apiVersion, String kind, String name, Yaml.Mapping spec) {
    resources.add(Kubernetes.resource(apiVersion, kind, name, spec));
  }

  private static Yaml.Mapping match(String path) {
    // Gateway API: a prefix on segment boundaries.
    return map().put("path", map().put("type", "PathPrefix").put("value", path));
  }

  private static Yaml.Mapping target(String group, String kind, String name) {
    return map().put("group", group).put("kind", kind).put("name", name);
  }

  private static Yaml.Mapping outbound(ServerConfig server) {
    return map().put("valetkey.direction", "outbound").put("valetkey.server", server.name());
  }

  private static Yaml.Mapping unlisted() {
    return map().put("valetkey.direction", "unlisted").put("valetkey.unlisted", "refuse");
  }
}
