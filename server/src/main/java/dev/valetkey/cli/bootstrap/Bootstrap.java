package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;

import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.InboundConfig;
import dev.valetkey.config.ServerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What all layouts have: the admin socket, the sidecar, the pinned servers, the listener of second
 * attempts, and the users' side where it is configured. A layout adds the agent's side. Holds no
 * secret.
 */
final class Bootstrap {
  private final Config config;
  private final Names names;
  private final VirtualHosts hosts;
  private final ConnectionManagers managers;

  Bootstrap(Config config) {
    this.config = config;
    this.names = new Names(config.servers().keySet());
    this.hosts = new VirtualHosts(config, names);
    this.managers = new ConnectionManagers(new HttpFilters(config));
  }

  /** Route tables of the agent's calls. */
  VirtualHosts hosts() {
    return hosts;
  }

  ConnectionManagers managers() {
    return managers;
  }

  /**
   * The whole as YAML, ending with a newline.
   *
   * @param header comment lines
   * @param listeners the agent's side
   * @param clusters what those listeners need besides the servers
   */
  String print(String header, List<Yaml.Mapping> listeners, List<Yaml.Mapping> clusters) {
    List<Yaml.Mapping> allListeners = new ArrayList<>(listeners);
    List<Yaml.Mapping> allClusters =
        new ArrayList<>(List.of(Clusters.sidecar(config.listen().socket())));
    if (config.servers().values().stream().anyMatch(Routes::renews)) {
      allListeners.add(
          Listeners.internal(Names.RETRY, FilterChains.http(managers.forRetries(hosts.retry()))));
      allClusters.add(Clusters.internal(Names.RETRY));
    }
    allClusters.addAll(servers());
    allClusters.addAll(clusters);
    InboundConfig inbound = config.inbound();
    if (inbound != null) {
      allListeners.add(
          Listeners.at(
              "inbound",
              UpstreamAddress.parse(config.envoy().inboundListen()),
              managers.forUsers(List.of(InboundHost.of(inbound)))));
      allClusters.add(Clusters.agent(UpstreamAddress.parse(config.envoy().agent())));
    }
    return header + bootstrap(allListeners, allClusters).print();
  }

  private Yaml.Mapping bootstrap(List<Yaml.Mapping> listeners, List<Yaml.Mapping> clusters) {
    Yaml.Mapping bootstrap =
        map().put("node", map().put("id", "valetkey").put("cluster", "agent-pod"));
    bootstrap.put("admin", map().put("address", adminSocket()));
    if (listeners.stream().anyMatch(Listeners::isInternal)) {
      bootstrap.put(
          "bootstrap_extensions",
          list(
              map()
                  .put("name", "envoy.bootstrap.internal_listener")
                  .put(
                      "typed_config",
                      Types.config(
                          "envoy.extensions.bootstrap.internal_listener.v3.InternalListener"))));
    }
    return bootstrap.put(
        "static_resources",
        map().put("listeners", list(listeners)).put("clusters", list(clusters)));
  }

  /** A socket that only our own uid may open, never TCP: the agent shares the network. */
  private Yaml.Mapping adminSocket() {
    Path socket = config.envoy().adminSocket();
    return map().put("pipe", map().put("path", socket.toString()).put("mode", 0600));
  }

  private List<Yaml.Mapping> servers() {
    List<Yaml.Mapping> clusters = new ArrayList<>();
    for (ServerConfig server : config.servers().values()) {
      if (server.grant() instanceof GrantConfig.Refuse) {
        continue;
      }
      if (Routes.renews(server)) {
        clusters.add(
            Clusters.aggregate(names.aggregate(server.name()), names.cluster(server.name())));
      }
      clusters.add(Clusters.server(names.cluster(server.name()), server.upstream()));
    }
    return clusters;
  }
}
