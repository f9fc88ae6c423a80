package dev.valetkey.cli.bootstrap;

import dev.valetkey.config.Config;
import dev.valetkey.config.EnvoyConfig.OtherTls;
import dev.valetkey.intercept.InterceptedHosts;
import java.util.ArrayList;
import java.util.List;

/**
 * The layouts {@code capture} and {@code intercept}, complete bootstraps for Envoy 1.40: nft
 * redirects every connection of the agent to one listener ({@link NftRuleset}). Holds no secret.
 *
 * <p>HTTP to a server passes one Check and goes to that server, whatever address was dialled; other
 * HTTP passes a Check that keeps the user token here and goes to the address that was dialled. TLS
 * to servers is refused ({@code capture}) or opened ({@code intercept}); other TLS and other
 * protocols pass as bytes.
 */
public final class CaptureBootstrap {
  private static final String CAPTURE =
      """
      # Envoy 1.40 bootstrap, layout "capture", printed by "valetkey envoy". Change the valetkey file and print it again.
      # nft ("valetkey nft") redirects every connection of the agent to the listener "outbound". HTTP to a server passes a Check and goes
      # to that server, a server's 401 once more through "valetkey_retry"; TLS to a server is refused, because nobody could look into it.
      """;
  private static final String INTERCEPT =
      """
      # Envoy 1.40 bootstrap, layout "intercept", printed by "valetkey envoy". Change the valetkey file and print it again.
      # nft ("valetkey nft") redirects every connection of the agent to the listener "outbound". HTTP to a server passes a Check and goes
      # to that server, a server's 401 once more through "valetkey_retry"; TLS to a server is opened with certificates that valetkey makes.
      """;

  private final Config config;
  private final Bootstrap bootstrap;

  private CaptureBootstrap(Config config) {
    this.config = config;
    this.bootstrap = new Bootstrap(config);
  }

  /** The layout {@code capture} as YAML, ending with a newline. */
  public static String capture(Config config) {
    return new CaptureBootstrap(config).print(CAPTURE, List.of());
  }

  /**
   * The layout {@code intercept} as YAML, ending with a newline.
   *
   * @param config has an {@code intercept} section, or nobody makes certificates
   */
  public static String intercept(Config config) {
    return new CaptureBootstrap(config).print(INTERCEPT, List.copyOf(InterceptedHosts.of(config)));
  }

  /**
   * @param opened names whose TLS is opened; that of the other servers is refused
   */
  private String print(String header, List<String> opened) {
    Yaml.Mapping outbound =
        Listeners.captured(
            listen(), config.envoy().serverFirstPorts(), chains(opened), FilterChains.passed());
    List<Yaml.Mapping> clusters = new ArrayList<>();
    if (!opened.isEmpty()) {
      clusters.add(Clusters.certificates(config.listen().socket()));
    }
    clusters.add(Clusters.originalDestination());
    clusters.add(Clusters.nowhere());
    return bootstrap.print(header, List.of(outbound), clusters);
  }

  private List<Yaml.Mapping> chains(List<String> opened) {
    List<Yaml.Mapping> chains = new ArrayList<>();
    chains.add(FilterChains.refusedPort(listen().port()));
    chains.add(
        FilterChains.plainHttp(
            bootstrap.managers().forAnyHost("outbound", bootstrap.hosts().listedElsePassed())));
    if (!opened.isEmpty()) {
      // Listed hosts only: what passes from here goes on in clear text.
      chains.add(
          FilterChains.opened(
              opened, bootstrap.managers().forServers("outbound_tls", bootstrap.hosts().listed())));
    }
    List<String> refused = new ArrayList<>(Place.names(config.servers().values()));
    refused.removeAll(opened);
    if (!refused.isEmpty()) {
      chains.add(FilterChains.refusedTls(refused));
    }
    if (config.envoy().otherTls() == OtherTls.REFUSE) {
      chains.add(FilterChains.refusedOtherTls());
    }
    return chains;
  }

  private UpstreamAddress listen() {
    return UpstreamAddress.parse(config.envoy().listen());
  }
}
