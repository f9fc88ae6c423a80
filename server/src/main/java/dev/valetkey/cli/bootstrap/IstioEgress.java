package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import java.util.ArrayList;
import java.util.List;

/**
 * The layout {@code istio-egress}: resources for an Istio egress gateway that asks us at {@code
 * listen.address}, each showing the other a certificate. Agents' calls reach the gateway through
 * the mesh, encrypted; it originates TLS to the servers.
 */
public final class IstioEgress {
  private static final String HEADER =
      """
      # Istio resources, layout "istio-egress", printed by "valetkey envoy". Change the valetkey file and print it again.
      # For the namespace of the egress gateway: kubectl apply -n istio-system -f -. Agents call their servers by http://HOST.
      # The gateway asks the sidecar at listen.address, with its workload certificate: docs/istio.md.
      """;

  private static final String API = "networking.istio.io/v1";
  private static final String GATEWAY = "valetkey";
  private static final String SERVICE = "istio-egressgateway.istio-system.svc.cluster.local";

  private IstioEgress() {}

  /** The resources as YAML; {@code envoy.sidecar} must be there. */
  public static String print(Config config) {
    List<Yaml.Mapping> resources = new ArrayList<>();
    EnvoyFilter filter =
        new EnvoyFilter(
            "GATEWAY",
            config,
            Clusters.sidecarApart(SidecarAddress.of(config.envoy()), workloadCertificates(config)));
    List<Yaml.Mapping> ports = new ArrayList<>();
    List<Yaml.Mapping> subsets = new ArrayList<>();
    for (IstioServers servers : IstioServers.of(config)) {
      resources.add(servers.serviceEntry());
      resources.addAll(servers.destinationRule());
      resources.add(
          servers.virtualService(List.of("mesh", GATEWAY), List.of(toGateway(servers)), GATEWAY));
      servers.addTo(filter, config);
      ports.add(encrypted(servers));
      subsets.add(asMeshPeer(servers));
    }
    resources.add(
        Kubernetes.resource(
            API,
            "Gateway",
            GATEWAY,
            map()
                .put("selector", map().put("istio", "egressgateway"))
                .put("servers", list(ports))));
    resources.add(
        Kubernetes.resource(
            API,
            "DestinationRule",
            "valetkey-egressgateway",
            map().put("host", SERVICE).put("subsets", list(subsets))));
    resources.add(filter.resource("istio", "egressgateway"));
    return Kubernetes.print(HEADER, resources);
  }

  /** In the mesh: calls of the host go to the gateway. */
  private static Yaml.Mapping toGateway(IstioServers servers) {
    return map()
        .put("match", list(map().put("gateways", texts("mesh")).put("port", servers.port())))
        .put(
            "route",
            list(
                map()
                    .put(
                        "destination",
                        IstioServers.destination(SERVICE, 443).put("subset", servers.name()))))
        .put("timeout", "0s");
  }

  private static Yaml.Mapping encrypted(IstioServers servers) {
    return map()
        .put(
            "port",
            map().put("number", 443).put("name", "tls-" + servers.name()).put("protocol", "HTTPS"))
        .put("hosts", texts(servers.domains()))
        .put("tls", map().put("mode", "ISTIO_MUTUAL"));
  }

  private static Yaml.Mapping asMeshPeer(IstioServers servers) {
    Yaml.Mapping tls = map().put("mode", "ISTIO_MUTUAL").put("sni", servers.host());
    return map()
        .put("name", servers.name())
        .put(
            "trafficPolicy",
            map()
                .put(
                    "portLevelSettings",
                    list(map().put("port", map().put("number", 443)).put("tls", tls))));
  }

  /** The gateway's own certificate and the mesh's root, as istiod gives them to every proxy. */
  private static Yaml.Mapping workloadCertificates(Config config) {
    return map()
        .put("tls_params", map().put("tls_maximum_protocol_version", "TLSv1_3"))
        .put("tls_certificate_sds_secret_configs", list(secret("default")))
        .put(
            "combined_validation_context",
            map()
                .put("default_validation_context", SidecarAddress.of(config.envoy()).expectedName())
                .put("validation_context_sds_secret_config", secret("ROOTCA")));
  }

  private static Yaml.Mapping secret(String name) {
    Yaml.Mapping source =
        map()
            .put("api_type", "GRPC")
            .put("transport_api_version", "V3")
            .put("set_node_on_first_message_only", true)
            .put(
                "grpc_services",
                list(map().put("envoy_grpc", map().put("cluster_name", "sds-grpc"))));
    return map()
        .put("name", name)
        .put(
            "sds_config",
            map()
                .put("api_config_source", source)
                .put("initial_fetch_timeout", "0s")
                .put("resource_api_version", "V3"));
  }
}
