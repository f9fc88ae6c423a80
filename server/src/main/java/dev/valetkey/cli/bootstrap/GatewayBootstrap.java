package dev.valetkey.cli.bootstrap;

import dev.valetkey.config.Config;
import java.util.List;

/**
 * The layout {@code gateway}, a complete bootstrap for Envoy 1.40: the agent speaks plain HTTP to
 * one listener and names the server in {@code Host}; Envoy originates TLS. Holds no secret.
 *
 * <p>A call passes one Check and goes to its server. Only a server's 401 goes a second way, through
 * the internal listener {@code valetkey_retry}, whose Check carries the token that was refused and
 * gives a fresh one.
 */
public final class GatewayBootstrap {
  private static final String HEADER =
      """
      # Envoy 1.40 bootstrap, layout "gateway", printed by "valetkey envoy". Change the valetkey file and print it again.
      # The agent speaks plain HTTP to the listener "egress" and names the server in Host. Every call passes one Check;
      # a server's 401 is tried once more through the listener "valetkey_retry".
      """;

  private GatewayBootstrap() {}

  /** The bootstrap as YAML, ending with a newline. The same configuration gives the same text. */
  public static String print(Config config) {
    Bootstrap bootstrap = new Bootstrap(config);
    Yaml.Mapping egress =
        Listeners.at(
            "egress",
            UpstreamAddress.parse(config.envoy().listen()),
            bootstrap.managers().forServers("egress", bootstrap.hosts().listedElseRefused()));
    return bootstrap.print(HEADER, List.of(egress), List.of());
  }
}
