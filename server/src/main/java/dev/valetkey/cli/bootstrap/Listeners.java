package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;

import java.util.List;

/** Where Envoy takes connections. */
final class Listeners {
  private Listeners() {}

  /** Plain HTTP at one address. */
  static Yaml.Mapping at(String name, UpstreamAddress address, Yaml.Mapping manager) {
    return map()
        .put("name", name)
        .put("address", socket(address))
        .put("filter_chains", list(FilterChains.http(manager)));
  }

  /** Connections that come from Envoy itself. */
  static Yaml.Mapping internal(String name, Yaml.Mapping chain) {
    return map()
        .put("name", name)
        .put("internal_listener", map())
        .put("filter_chains", list(chain));
  }

  static boolean isInternal(Yaml.Mapping listener) {
    return listener.entries().containsKey("internal_listener");
  }

  /**
   * Every connection of the agent, redirected by nft, which sends IPv4 to 127.0.0.1 and IPv6 to
   * ::1. Nothing leaves before it is known what it is: a client that says nothing for ten seconds
   * is hung up on, where a server speaks first nobody looks.
   *
   * @param otherwise what neither chain takes
   */
  static Yaml.Mapping captured(
      UpstreamAddress address,
      List<Integer> serverFirstPorts,
      List<Yaml.Mapping> chains,
      Yaml.Mapping otherwise) {
    Yaml.Mapping listener = map().put("name", "outbound").put("address", socket(address));
    if (!address.isIpv6()) {
      Yaml.Mapping loopback = new UpstreamAddress("::1", true, address.port()).socketAddress();
      listener
          .put("additional_addresses", list(map().put("address", loopback)))
          .put("freebind", true); // a pod without IPv6 has no ::1
    }
    return listener
        .put(
            "listener_filters",
            list(
                filter("original_dst", "OriginalDst"),
                unless(serverFirstPorts, filter("tls_inspector", "TlsInspector")),
                unless(serverFirstPorts, filter("http_inspector", "HttpInspector"))))
        .put("listener_filters_timeout", "10s")
        .put("filter_chains", list(chains))
        .put("default_filter_chain", otherwise);
  }

  private static Yaml.Mapping socket(UpstreamAddress address) {
    if (!address.host().equals("::")) {
      return address.socketAddress();
    }
    return map()
        .put(
            "socket_address",
            map().put("address", "::").put("port_value", address.port()).put("ipv4_compat", true));
  }

  private static Yaml.Mapping filter(String name, String message) {
    return map()
        .put("name", "envoy.filters.listener." + name)
        .put(
            "typed_config",
            Types.config("envoy.extensions.filters.listener." + name + ".v3." + message));
  }

  private static Yaml.Mapping unless(List<Integer> ports, Yaml.Mapping filter) {
    if (ports.isEmpty()) {
      return filter;
    }
    List<Yaml.Mapping> rules = ports.stream().distinct().sorted().map(Listeners::port).toList();
    // An or_match of one rule is refused.
    return filter.put(
        "filter_disabled",
        rules.size() == 1
            ? rules.getFirst()
            : map().put("or_match", map().put("rules", list(rules))));
  }

  private static Yaml.Mapping port(int port) {
    return map().put("destination_port_range", map().put("start", port).put("end", port + 1));
  }
}
