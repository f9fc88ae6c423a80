package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.TlsConfig;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * The servers of one host in Istio's words: where they are, how they prove who they are, and one
 * named route for each, to which an {@link EnvoyFilter} adds what its Check is about.
 *
 * @param places longest path first, all of one upstream
 * @param domains the hosts by which the agent calls them
 */
record IstioServers(List<Place> places, List<String> domains) {
  private static final String API = "networking.istio.io/v1";

  static List<IstioServers> of(Config config) {
    List<IstioServers> all = new ArrayList<>();
    Place.grouped(config.servers().values(), true)
        .forEach((places, domains) -> all.add(new IstioServers(places, domains)));
    return all;
  }

  /** What this layout cannot say, as a sentence; empty if it can. */
  static String problem(Config config) {
    String names = Kubernetes.problem(config);
    if (!names.isEmpty()) {
      return names;
    }
    for (IstioServers servers : of(config)) {
      long upstreams =
          servers.places().stream().map(place -> place.server().upstream()).distinct().count();
      if (upstreams > 1) {
        return "servers on the host " + servers.host() + " must have one upstream in this layout";
      }
    }
    return "";
  }

  String name() {
    return Kubernetes.name(first().name());
  }

  /** The host that all routes lead to. */
  String host() {
    return domains.getFirst();
  }

  /** The port of the agent's calls, which are in clear text: 80 where the server has https. */
  int port() {
    URI url = first().url();
    return "https".equalsIgnoreCase(url.getScheme()) || url.getPort() < 0 ? 80 : url.getPort();
  }

  Yaml.Mapping serviceEntry() {
    UpstreamAddress upstream = UpstreamAddress.parse(first().upstream().address());
    return Kubernetes.resource(
        API,
        "ServiceEntry",
        name(),
        map()
            .put("hosts", texts(domains))
            .put("location", "MESH_EXTERNAL")
            .put("resolution", upstream.ip() ? "STATIC" : "DNS")
            .put(
                "ports",
                list(
                    map()
                        .put("number", port())
                        .put("name", "http")
                        .put("protocol", "HTTP")
                        .put("targetPort", upstream.port())))
            .put("endpoints", list(map().put("address", upstream.host()))));
  }

  /** TLS to the server, with its name checked. Only where it has TLS. */
  List<Yaml.Mapping> destinationRule() {
    TlsConfig tls = first().upstream().tls();
    if (tls == null) {
      return List.of();
    }
    String name = tls.serverName();
    String expected =
        name == null ? UpstreamAddress.parse(first().upstream().address()).host() : name;
    Yaml.Mapping settings =
        map()
            .put("mode", tls.certFile() == null ? "SIMPLE" : "MUTUAL")
            .put("sni", expected)
            .put("subjectAltNames", texts(expected));
    if (tls.caFile() != null) {
      settings.put("caCertificates", tls.caFile().toString());
    }
    if (tls.certFile() != null && tls.keyFile() != null) {
      settings
          .put("clientCertificate", tls.certFile().toString())
          .put("privateKey", tls.keyFile().toString());
    }
    return List.of(
        Kubernetes.resource(
            API,
            "DestinationRule",
            name(),
            map().put("host", host()).put("trafficPolicy", map().put("tls", settings))));
  }

  Yaml.Mapping virtualService(List<String> gateways, List<Yaml.Mapping> before, String gateway) {
    List<Yaml.Mapping> routes = new ArrayList<>(before);
    places.forEach(place -> routes.add(route(place, gateway)));
    if (hasRest()) {
      // Any other path of the host: a Check that refuses it as not listed, and nothing behind it.
      routes.add(notFound(gateway));
    }
    Yaml.Mapping spec = map().put("hosts", texts(domains));
    if (!gateways.isEmpty()) {
      spec.put("gateways", texts(gateways));
    }
    return Kubernetes.resource(API, "VirtualService", name(), spec.put("http", list(routes)));
  }

  /** Says of each route what its Check is about. */
  void addTo(EnvoyFilter filter, Config config) {
    places.forEach(place -> filter.route(Kubernetes.name(place.server().name()), place, config));
    if (hasRest()) {
      filter.route(name() + ".rest", places.getLast(), config);
    }
  }

  private boolean hasRest() {
    return places.stream().noneMatch(place -> place.path().equals("/"));
  }

  private Yaml.Mapping route(Place place, String gateway) {
    ServerConfig server = place.server();
    Yaml.Mapping route =
        map()
            .put("name", Kubernetes.name(server.name()))
            .put("match", list(matches(place.path(), gateway)));
    if (server.grant() instanceof GrantConfig.Refuse) {
      return route.put("directResponse", map().put("status", 403));
    }
    return route
        .put("route", list(map().put("destination", destination(host(), port()))))
        .put("rewrite", map().put("authority", Place.authority(server.url())))
        .put("timeout", "0s") // streams
        .put("retries", map().put("attempts", 0)); // a call that was sent is not sent again
  }

  private Yaml.Mapping notFound(String gateway) {
    return map()
        .put("name", name() + ".rest")
        .put("match", list(matches("/", gateway)))
        .put("directResponse", map().put("status", 404));
  }

  static Yaml.Mapping destination(String host, int port) {
    return map().put("host", host).put("port", map().put("number", port));
  }

  /** A prefix on segment boundaries, which is two matches in Istio. */
  private static List<Yaml.Mapping> matches(String path, String gateway) {
    if (path.equals("/")) {
      return List.of(match("prefix", path, gateway));
    }
    return List.of(match("exact", path, gateway), match("prefix", path + "/", gateway));
  }

  private static Yaml.Mapping match(String kind, String path, String gateway) {
    Yaml.Mapping match = map().put("uri", map().put(kind, path));
    return gateway.isEmpty() ? match : match.put("gateways", texts(gateway));
  }

  /** The server with the shortest path gives the host its name: the others are parts of it. */
  private ServerConfig first() {
    return places.getLast().server();
  }
}
