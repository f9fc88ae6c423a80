package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ServerConfig;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
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

  /** What Envoy waits beyond an issuer's own timeout, so that our answer comes first. */
  private static final Duration MARGIN = Duration.ofSeconds(2);

  private static final String FILTERS = "envoy.extensions.filters.http.";

  private final Config config;
  private final Names names;
  private final VirtualHosts hosts;

  private GatewayBootstrap(Config config) {
    this.config = config;
    this.names = new Names(config.servers().keySet());
    this.hosts = new VirtualHosts(config, names);
  }

  /** The bootstrap as YAML, ending with a newline. The same configuration gives the same text. */
  public static String print(Config config) {
    return HEADER + new GatewayBootstrap(config).bootstrap().print();
  }

  private Yaml.Mapping bootstrap() {
    boolean retries = config.servers().values().stream().anyMatch(VirtualHosts::renews);
    Yaml.Mapping bootstrap =
        map().put("node", map().put("id", "valetkey").put("cluster", "agent-pod"));
    bootstrap.put("admin", map().put("address", adminSocket()));
    if (retries) {
      bootstrap.put(
          "bootstrap_extensions",
          list(
              extension(
                  "envoy.bootstrap.internal_listener",
                  Types.config(
                      "envoy.extensions.bootstrap.internal_listener.v3.InternalListener"))));
    }
    List<Yaml.Mapping> listeners = new ArrayList<>(List.of(egressListener()));
    if (retries) {
      listeners.add(retryListener());
    }
    return bootstrap.put(
        "static_resources",
        map().put("listeners", list(listeners)).put("clusters", list(clusters(retries))));
  }

  /** A socket that only our own uid may open, never TCP: the agent shares the network. */
  private Yaml.Mapping adminSocket() {
    Path socket = config.envoy().adminSocket();
    return map().put("pipe", map().put("path", socket.toString()).put("mode", 0600));
  }

  private Yaml.Mapping egressListener() {
    Yaml.Mapping manager =
        connectionManager("egress")
            .put(
                "use_remote_address",
                true) // the agent is external: its x-envoy-* and x-forwarded-proto do not count
            .put("normalize_path", true) // the server and the Check see the same, resolved path
            .put("path_with_escaped_slashes_action", "REJECT_REQUEST")
            .put("strip_trailing_host_dot", true)
            .put("access_log", list(refusedByServer()))
            .put("http_filters", list(dropForgedHeaders(), authorization(), router()))
            .put("route_config", map().put("virtual_hosts", list(hosts.egress())));
    return map()
        .put("name", "egress")
        .put("address", UpstreamAddress.parse(config.envoy().listen()).socketAddress())
        .put("filter_chains", filterChain(manager));
  }

  private Yaml.Mapping retryListener() {
    Yaml.Mapping manager =
        connectionManager("retry")
            .put("http_filters", list(authorization(), router()))
            .put("route_config", map().put("virtual_hosts", list(hosts.retry())));
    return map()
        .put("name", Names.RETRY)
        .put("internal_listener", map())
        .put("filter_chains", filterChain(manager));
  }

  private static Yaml.Mapping connectionManager(String statPrefix) {
    return Types.config(
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
        .put("stat_prefix", statPrefix)
        .put("skip_xff_append", true)
        .put("generate_request_id", false)
        .put("server_header_transformation", "PASS_THROUGH")
        .put(
            "scheme_header_transformation",
            map().put("match_upstream", true)) // else h2 carries ":scheme: http"
        .put("stream_idle_timeout", "0s") // else quiet streams end after 5 minutes
        .put("strip_any_host_port", true)
        .put("upgrade_configs", list(map().put("upgrade_type", "websocket")));
  }

  private static Yaml.Sequence filterChain(Yaml.Mapping manager) {
    return list(
        map()
            .put(
                "filters",
                list(extension("envoy.filters.network.http_connection_manager", manager))));
  }

  /** A 401 or 403 that stays reaches the sidecar about a millisecond later, each entry at once. */
  private static Yaml.Mapping refusedByServer() {
    Yaml.Mapping common =
        map()
            .put("log_name", "valetkey")
            .put("transport_api_version", "V3")
            .put("buffer_size_bytes", 0)
            .put("grpc_service", sidecar());
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

  private static Yaml.Mapping dropForgedHeaders() {
    Yaml.Mapping mutations =
        map()
            .put(
                "request_mutations",
                list(removeByPrefix("x-envoy-"), removeByPrefix("x-valetkey-")));
    return extension(
        "envoy.filters.http.header_mutation",
        Types.config(FILTERS + "header_mutation.v3.HeaderMutation").put("mutations", mutations));
  }

  private static Yaml.Mapping removeByPrefix(String prefix) {
    return map().put("remove_on_match", map().put("key_matcher", map().put("prefix", prefix)));
  }

  private Yaml.Mapping authorization() {
    Yaml.Mapping rules =
        map()
            .put("disallow_all", true)
            .put(
                "allow_expression", map().put("regex", "^(authorization|dpop|baggage|tracestate)$"))
            .put("disallow_is_error", true);
    return extension(
        "envoy.filters.http.ext_authz",
        Types.config(FILTERS + "ext_authz.v3.ExtAuthz")
            .put("transport_api_version", "V3")
            .put("stat_prefix", "valetkey")
            .put(
                "grpc_service",
                map().put("timeout", seconds(checkTimeout())).put("envoy_grpc", target()))
            .put("status_on_error", map().put("code", "ServiceUnavailable"))
            .put("encode_raw_headers", true)
            .put("validate_mutations", true) // else CR and LF in a header of ours reach the agent
            .put("decoder_header_mutation_rules", rules));
  }

  private static Yaml.Mapping router() {
    return extension(
        "envoy.filters.http.router",
        Types.config(FILTERS + "router.v3.Router").put("suppress_envoy_headers", true));
  }

  private static Yaml.Mapping extension(String name, Yaml.Mapping config) {
    return map().put("name", name).put("typed_config", config);
  }

  private static Yaml.Mapping sidecar() {
    return map().put("envoy_grpc", target());
  }

  private static Yaml.Mapping target() {
    return map().put("cluster_name", Names.SIDECAR);
  }

  private Duration checkTimeout() {
    return config.issuers().values().stream()
        .map(IssuerConfig::timeout)
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO)
        .plus(MARGIN);
  }

  private static String seconds(Duration duration) {
    return BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString() + "s";
  }

  private List<Yaml.Mapping> clusters(boolean retries) {
    List<Yaml.Mapping> clusters =
        new ArrayList<>(List.of(Clusters.sidecar(config.listen().socket())));
    if (retries) {
      clusters.add(Clusters.retry());
    }
    for (ServerConfig server : config.servers().values()) {
      if (server.grant() instanceof GrantConfig.Refuse) {
        continue;
      }
      if (VirtualHosts.renews(server)) {
        clusters.add(
            Clusters.aggregate(names.aggregate(server.name()), names.cluster(server.name())));
      }
      clusters.add(Clusters.server(names.cluster(server.name()), server.upstream()));
    }
    return clusters;
  }
}
