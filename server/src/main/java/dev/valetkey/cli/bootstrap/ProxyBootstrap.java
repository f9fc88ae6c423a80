package dev.valetkey.cli.bootstrap;

import dev.valetkey.config.Config;
import dev.valetkey.config.EnvoyConfig.OtherTls;
import dev.valetkey.intercept.InterceptedHosts;
import java.util.ArrayList;
import java.util.List;

/**
 * The layout {@code proxy}, a complete bootstrap for Envoy 1.40: the agent's libraries use Envoy as
 * their HTTP proxy because their environment says so. For laptops and places without nft: an agent
 * that does not ask the proxy is not held. Holds no secret.
 */
public final class ProxyBootstrap {
  private static final String HEADER =
      """
      # Envoy 1.40 bootstrap, layout "proxy", printed by "valetkey envoy". Change the valetkey file and print it again.
      # The agent is told to use the listener "proxy" (HTTP_PROXY, HTTPS_PROXY). HTTP passes a Check; CONNECT to a server ends at the listener
      # "valetkey_opened_tls", which opens the TLS with certificates that valetkey makes; CONNECT to others is a tunnel that nobody looks into.
      """;

  private ProxyBootstrap() {}

  /**
   * The bootstrap as YAML, ending with a newline. Without an {@code intercept} section TLS to
   * servers is refused.
   */
  public static String print(Config config) {
    Bootstrap bootstrap = new Bootstrap(config);
    UpstreamAddress address = UpstreamAddress.parse(config.envoy().listen());
    List<String> names = List.copyOf(InterceptedHosts.of(config));
    boolean opened = config.intercept() != null && !names.isEmpty();
    boolean otherTls = config.envoy().otherTls() == OtherTls.PASS;
    List<Yaml.Mapping> listeners = new ArrayList<>();
    List<Yaml.Mapping> clusters = new ArrayList<>();
    listeners.add(
        Listeners.at(
            "proxy",
            address,
            bootstrap
                .managers()
                .forProxy("proxy", bootstrap.hosts().proxied(address.port(), opened, otherTls))));
    if (opened) {
      listeners.add(
          Listeners.internal(
              Names.OPENED_TLS,
              FilterChains.openedWhateverTheName(
                  names,
                  bootstrap.managers().forServers("opened_tls", bootstrap.hosts().listed()))));
      clusters.add(Clusters.internal(Names.OPENED_TLS));
      clusters.add(Clusters.certificates(config.listen().socket()));
    }
    clusters.add(Clusters.namedByRequest());
    return bootstrap.print(HEADER, listeners, clusters);
  }
}
