package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import java.util.List;

/**
 * Envoy's HTTP connection managers: what is made of hosts, paths and headers before the filters see
 * them.
 */
final class ConnectionManagers {
  private final HttpFilters filters;

  ConnectionManagers(HttpFilters filters) {
    this.filters = filters;
  }

  /** Calls that the agent can only make to servers: one reading of host and path. */
  Yaml.Mapping forServers(String statPrefix, List<Yaml.Mapping> hosts) {
    Yaml.Mapping manager =
        forAgent(
            start(statPrefix)
                .put("strip_any_host_port", true)
                .put("upgrade_configs", list(upgrade("websocket"))));
    return manager
        .put("path_with_escaped_slashes_action", "REJECT_REQUEST")
        .put("strip_trailing_host_dot", true)
        .put("access_log", list(refusedByServer()))
        .put(
            "http_filters",
            list(HttpFilters.dropForgedHeaders(), filters.authorization(), HttpFilters.router()))
        .put("route_config", routes(hosts));
  }

  /**
   * Calls that the agent makes to anybody. The port stays in the host and escapes in the path: what
   * is no server gets what was sent. (A Check refuses an escaped slash on the way to a server.)
   */
  Yaml.Mapping forAnyHost(String statPrefix, List<Yaml.Mapping> hosts) {
    return forAnyHost(
        statPrefix,
        list(upgrade("websocket")),
        list(HttpFilters.dropForgedHeaders(), filters.authorization(), HttpFilters.router()),
        hosts);
  }

  /** The same, said to an explicit proxy. */
  Yaml.Mapping forProxy(String statPrefix, List<Yaml.Mapping> hosts) {
    return forAnyHost(
        statPrefix,
        list(upgrade("CONNECT"), upgrade("websocket")),
        list(
            HttpFilters.dropForgedHeaders(),
            filters.authorization(),
            HttpFilters.forwardProxy(),
            HttpFilters.router()),
        hosts);
  }

  /** Second attempts, which come from Envoy itself. */
  Yaml.Mapping forRetries(List<Yaml.Mapping> hosts) {
    return start("retry")
        .put("strip_any_host_port", true)
        .put("upgrade_configs", list(upgrade("websocket")))
        .put("http_filters", list(filters.authorization(), HttpFilters.router()))
        .put("route_config", routes(hosts));
  }

  /**
   * Users' calls of the agent. What a proxy in front of the pod said about the caller ({@code
   * x-forwarded-*}) stays.
   */
  Yaml.Mapping forUsers(List<Yaml.Mapping> hosts) {
    return start("inbound")
        .put("upgrade_configs", list(upgrade("websocket")))
        .put("normalize_path", true) // the Check and the agent see the same, resolved path
        .put("http_protocol_options", map().put("accept_http_10", true))
        .put(
            "http_filters",
            list(HttpFilters.dropForgedHeaders(), filters.authorization(), HttpFilters.router()))
        .put("route_config", routes(hosts));
  }

  private static Yaml.Mapping forAnyHost(
      String statPrefix, Yaml.Sequence upgrades, Yaml.Sequence filters, List<Yaml.Mapping> hosts) {
    return forAgent(start(statPrefix).put("upgrade_configs", upgrades))
        .put("strip_trailing_host_dot", true)
        .put("http_protocol_options", map().put("accept_http_10", true))
        .put("access_log", list(refusedByServer()))
        .put("http_filters", filters)
        .put("route_config", routes(hosts));
  }

  private static Yaml.Mapping start(String statPrefix) {
    return Types.config(
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
        .put("stat_prefix", statPrefix)
        .put("skip_xff_append", true)
        .put("generate_request_id", false)
        .put("server_header_transformation", "PASS_THROUGH")
        .put(
            "scheme_header_transformation",
            map().put("match_upstream", true)) // else h2 carries ":scheme: http"
        .put("stream_idle_timeout", "0s"); // else quiet streams end after 5 minutes
  }

  private static Yaml.Mapping forAgent(Yaml.Mapping manager) {
    return manager
        .put(
            "use_remote_address",
            true) // the agent is external: its x-envoy-* and x-forwarded-proto do not count
        .put("normalize_path", true); // the server and the Check see the same, resolved path
  }

  private static Yaml.Mapping upgrade(String type) {
    return map().put("upgrade_type", type);
  }

  private static Yaml.Mapping routes(List<Yaml.Mapping> hosts) {
    return map().put("virtual_hosts", list(hosts));
  }

  /** A 401 or 403 that stays reaches the sidecar about a millisecond later, each entry at once. */
  static Yaml.Mapping refusedByServer() {
    Yaml.Mapping common =
        map()
            .put("log_name", "valetkey")
            .put("transport_api_version", "V3")
            .put("buffer_size_bytes", 0)
            .put("grpc_service", map().put("envoy_grpc", map().put("cluster_name", Names.SIDECAR)));
    Yaml.Mapping log =
        Types.config("envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig")
            .put("common_config", common)
            .put("additional_response_headers_to_log", texts("www-authenticate", "dpop-nonce"));
    return map()
        .put("name", "envoy.access_loggers.http_grpc")
        .put("filter", map().put("or_filter", map().put("filters", list(status(401), status(403)))))
        .put("typed_config", log);
  }

  private static Yaml.Mapping status(int status) {
    Yaml.Mapping value =
        map().put("default_value", status).put("runtime_key", "valetkey.als_" + status);
    return map()
        .put(
            "status_code_filter",
            map().put("comparison", map().put("op", "EQ").put("value", value)));
  }
}
