package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import java.util.List;

/** What is done with a connection once it is known what it is. */
final class FilterChains {
  private FilterChains() {}

  /** Whatever comes is HTTP. */
  static Yaml.Mapping http(Yaml.Mapping manager) {
    return map().put("filters", list(filter("http_connection_manager", manager)));
  }

  /** HTTP in clear text, told from other protocols by its first bytes. */
  static Yaml.Mapping plainHttp(Yaml.Mapping manager) {
    return chain(
            "http",
            map()
                .put("transport_protocol", "raw_buffer")
                .put("application_protocols", texts("http/1.0", "http/1.1", "h2c")))
        .put("filters", list(filter("http_connection_manager", manager)));
  }

  /** TLS for these names, opened with certificates that the sidecar makes. */
  static Yaml.Mapping opened(List<String> names, Yaml.Mapping manager) {
    return chain(
            "opened_tls", map().put("transport_protocol", "tls").put("server_names", texts(names)))
        .put("transport_socket_connect_timeout", "10s")
        .put("transport_socket", certificates(names))
        .put("filters", list(filter("http_connection_manager", manager)));
  }

  /** TLS that only a listener for it gets: any name, answered with the certificate that fits. */
  static Yaml.Mapping openedWhateverTheName(List<String> names, Yaml.Mapping manager) {
    return map()
        .put("transport_socket_connect_timeout", "10s")
        .put("transport_socket", certificates(names))
        .put("filters", list(filter("http_connection_manager", manager)));
  }

  /** TLS for these names: it could carry a user token past us, so it is refused. */
  static Yaml.Mapping refusedTls(List<String> names) {
    return refused(
        "listed_tls", map().put("transport_protocol", "tls").put("server_names", texts(names)));
  }

  /** TLS for anybody else. */
  static Yaml.Mapping refusedOtherTls() {
    return refused("other_tls", map().put("transport_protocol", "tls"));
  }

  /**
   * Dialled and not redirected: the address that was dialled would be this listener's, an endless
   * loop.
   */
  static Yaml.Mapping refusedPort(int port) {
    return refused("not_redirected", map().put("destination_port", port));
  }

  /** Bytes that nobody looks into, to where the agent sent them. */
  static Yaml.Mapping passed() {
    return map().put("name", "passed").put("filters", list(bytesTo(Names.UNLISTED, "passed")));
  }

  private static Yaml.Mapping refused(String name, Yaml.Mapping match) {
    return chain(name, match).put("filters", list(bytesTo(Names.NOWHERE, name)));
  }

  private static Yaml.Mapping chain(String name, Yaml.Mapping match) {
    return map().put("name", name).put("filter_chain_match", match);
  }

  private static Yaml.Mapping bytesTo(String cluster, String statPrefix) {
    return filter(
        "tcp_proxy",
        Types.config("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy")
            .put("stat_prefix", statPrefix)
            .put("cluster", cluster)
            .put("idle_timeout", "0s"));
  }

  private static Yaml.Mapping filter(String name, Yaml.Mapping config) {
    return map().put("name", "envoy.filters.network." + name).put("typed_config", config);
  }

  private static Yaml.Mapping certificates(List<String> names) {
    Yaml.Mapping common =
        map()
            .put("alpn_protocols", texts("h2", "http/1.1"))
            .put(
                "tls_certificate_sds_secret_configs",
                list(names.stream().map(FilterChains::certificate).toList()));
    return map()
        .put("name", "envoy.transport_sockets.tls")
        .put(
            "typed_config",
            Types.config("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext")
                .put("common_tls_context", common));
  }

  private static Yaml.Mapping certificate(String name) {
    Yaml.Mapping source =
        map()
            .put("api_type", "DELTA_GRPC")
            .put("transport_api_version", "V3")
            .put(
                "grpc_services",
                list(map().put("envoy_grpc", map().put("cluster_name", Names.CERTIFICATES))));
    return map()
        .put("name", name)
        .put(
            "sds_config", map().put("resource_api_version", "V3").put("api_config_source", source));
  }
}
