package dev.valetkey.cli.bootstrap;

import static java.util.Objects.requireNonNull;

import dev.valetkey.config.Config;
import java.util.ArrayList;
import java.util.List;

/**
 * The layout {@code istio-sidecar}: resources for the namespace of an agent whose pod has Istio's
 * own sidecar. Its Envoy asks us over the unix socket about every call of the agent and originates
 * TLS to the servers.
 */
public final class IstioSidecar {
  private static final String HEADER =
      """
      # Istio resources, layout "istio-sidecar", printed by "valetkey envoy". Change the valetkey file and print it again.
      # For the agent's namespace: kubectl apply -n NAMESPACE -f -. The agent calls its servers by http://HOST.
      # Needs the socket's folder in the container istio-proxy, and its uid 1337 in listen.allowed_uids: docs/istio.md.
      """;

  private IstioSidecar() {}

  /** What Istio's layouts cannot say, as a sentence; empty if they can. */
  public static String problem(Config config) {
    return IstioServers.problem(config);
  }

  /** The resources as YAML. The same configuration gives the same text. */
  public static String print(Config config) {
    List<Yaml.Mapping> resources = new ArrayList<>();
    EnvoyFilter filter =
        new EnvoyFilter("SIDECAR_OUTBOUND", config, Clusters.sidecar(config.listen().socket()));
    for (IstioServers servers : IstioServers.of(config)) {
      resources.add(onlyHere(servers.serviceEntry()));
      servers.destinationRule().forEach(rule -> resources.add(onlyHere(rule)));
      resources.add(onlyHere(servers.virtualService(List.of(), List.of(), "")));
      servers.addTo(filter, config);
    }
    resources.add(filter.resource("valetkey.dev/inject", "true"));
    return Kubernetes.print(HEADER, resources);
  }

  /** Nothing changes for other namespaces. */
  private static Yaml.Mapping onlyHere(Yaml.Mapping resource) {
    ((Yaml.Mapping) requireNonNull(resource.entries().get("spec")))
        .put("exportTo", Yaml.texts("."));
    return resource;
  }
}
