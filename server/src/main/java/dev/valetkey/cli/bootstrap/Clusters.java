package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.TlsConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where Envoy connects to: the sidecar, its own listeners, each server, pinned by address and
 * certificate, and whom else the agent calls.
 */
final class Clusters {
  /** The platform's certificates in Debian and in Envoy's own images. */
  private static final String PLATFORM_CA = "/etc/ssl/certs/ca-certificates.crt";

  private static final String HTTP_OPTIONS =
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

  private Clusters() {}

  /** ext_authz, health and access logs, all on one unix socket. */
  static Yaml.Mapping sidecar(Path socket) {
    return sidecar("STATIC", map()).put("load_assignment", endpoint(Names.SIDECAR, pipe(socket)));
  }

  /**
   * The same for an Envoy that runs apart: by TLS, and it notices when the network is gone.
   *
   * @param certificates Envoy's common TLS context: what it shows and whom it expects
   */
  static Yaml.Mapping sidecarApart(SidecarAddress sidecar, Yaml.Mapping certificates) {
    Yaml.Mapping tls = Types.config("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext");
    if (!sidecar.address().ip()) {
      tls.put("sni", sidecar.address().host());
    }
    tls.put("common_tls_context", certificates);
    Yaml.Mapping alive =
        map().put("connection_keepalive", map().put("interval", "30s").put("timeout", "5s"));
    boolean ip = sidecar.address().ip();
    Yaml.Mapping cluster = sidecar(ip ? "STATIC" : "STRICT_DNS", alive);
    if (!ip) {
      cluster.put("dns_lookup_family", "ALL"); // else AAAA alone, where there is one
    }
    return cluster
        .put("load_assignment", endpoint(Names.SIDECAR, sidecar.address().socketAddress()))
        .put(
            "transport_socket",
            map().put("name", "envoy.transport_sockets.tls").put("typed_config", tls));
  }

  private static Yaml.Mapping sidecar(String type, Yaml.Mapping http2) {
    return map()
        .put("name", Names.SIDECAR)
        .put("type", type)
        .put("connect_timeout", "0.5s")
        .put(
            "typed_extension_protocol_options",
            httpOptions("explicit_http_config", map().put("http2_protocol_options", http2)))
        .put("circuit_breakers", limits())
        .put("health_checks", list(healthCheck()))
        .put("common_lb_config", map().put("healthy_panic_threshold", map().put("value", 0)));
  }

  /** The sidecar as the source of certificates, apart from the limits of the Checks. */
  static Yaml.Mapping certificates(Path socket) {
    return map()
        .put("name", Names.CERTIFICATES)
        .put("type", "STATIC")
        .put("connect_timeout", "0.5s")
        .put(
            "typed_extension_protocol_options",
            httpOptions("explicit_http_config", map().put("http2_protocol_options", map())))
        .put("load_assignment", endpoint(Names.CERTIFICATES, pipe(socket)));
  }

  /** An internal listener: the one of second attempts, or the one that opens TLS. */
  static Yaml.Mapping internal(String listener) {
    return map()
        .put("name", listener)
        .put("type", "STATIC")
        .put("circuit_breakers", limits())
        .put(
            "load_assignment",
            endpoint(
                listener,
                map().put("envoy_internal_address", map().put("server_listener_name", listener))));
  }

  /** The address that the agent dialled, before it was redirected. */
  static Yaml.Mapping originalDestination() {
    return map()
        .put("name", Names.UNLISTED)
        .put("type", "ORIGINAL_DST")
        .put("lb_policy", "CLUSTER_PROVIDED")
        .put("connect_timeout", "10s")
        .put("typed_extension_protocol_options", sameProtocol())
        .put("circuit_breakers", limits());
  }

  /** The host that the request names. */
  static Yaml.Mapping namedByRequest() {
    return map()
        .put("name", Names.UNLISTED)
        .put("lb_policy", "CLUSTER_PROVIDED")
        .put("connect_timeout", "10s")
        .put(
            "cluster_type",
            map()
                .put("name", "envoy.clusters.dynamic_forward_proxy")
                .put(
                    "typed_config",
                    Types.config("envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig")
                        .put("dns_cache_config", dnsCache())))
        .put("circuit_breakers", limits());
  }

  /** The same for the filter and the cluster, or Envoy takes neither. */
  static Yaml.Mapping dnsCache() {
    return map().put("name", Names.UNLISTED).put("dns_lookup_family", "ALL").put("max_hosts", 1024);
  }

  /** Whoever is sent here is hung up on. */
  static Yaml.Mapping nowhere() {
    return map().put("name", Names.NOWHERE).put("type", "STATIC").put("connect_timeout", "1s");
  }

  /** The agent, as users call it. */
  static Yaml.Mapping agent(UpstreamAddress address) {
    return map()
        .put("name", Names.AGENT)
        .put("type", "STATIC")
        .put("connect_timeout", "2s")
        .put("typed_extension_protocol_options", sameProtocol())
        .put("circuit_breakers", limits())
        .put("load_assignment", endpoint(Names.AGENT, address.socketAddress()));
  }

  /**
   * The server first, the retry listener second; the second is chosen by the route's retry policy.
   */
  static Yaml.Mapping aggregate(String name, String server) {
    return map()
        .put("name", name)
        .put("lb_policy", "CLUSTER_PROVIDED")
        .put(
            "cluster_type",
            map()
                .put("name", "envoy.clusters.aggregate")
                .put(
                    "typed_config",
                    Types.config("envoy.extensions.clusters.aggregate.v3.ClusterConfig")
                        .put("clusters", texts(server, Names.RETRY))))
        .put("circuit_breakers", limits());
  }

  static Yaml.Mapping server(String name, ServerConfig.UpstreamConfig upstream) {
    UpstreamAddress address = UpstreamAddress.parse(upstream.address());
    Yaml.Mapping cluster = map().put("name", name);
    if (address.ip()) {
      cluster.put("type", "STATIC");
    } else {
      cluster.put("type", "LOGICAL_DNS").put("dns_lookup_family", "ALL");
    }
    cluster
        .put("connect_timeout", "5s")
        .put("circuit_breakers", limits())
        .put("load_assignment", endpoint(name, address.socketAddress()));
    TlsConfig tls = upstream.tls();
    if (tls != null) {
      cluster
          .put("transport_socket", transportSocket(tls, address))
          .put(
              "typed_extension_protocol_options",
              httpOptions("auto_config", map().put("http2_protocol_options", map())));
    }
    return cluster;
  }

  static Yaml.Mapping pipe(Path socket) {
    return map().put("pipe", map().put("path", socket.toString()));
  }

  private static Yaml.Mapping transportSocket(TlsConfig tls, UpstreamAddress address) {
    UpstreamAddress expected = expected(tls.serverName(), address);
    Yaml.Mapping context =
        Types.config("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext");
    if (!expected.ip()) {
      context.put("sni", expected.host()); // RFC 6066 §3: never an address
    }
    Path caFile = tls.caFile();
    Yaml.Mapping san =
        map()
            .put("san_type", expected.ip() ? "IP_ADDRESS" : "DNS")
            .put("matcher", map().put("exact", expected.host()));
    Yaml.Mapping common =
        map()
            .put(
                "tls_params",
                map()
                    .put(
                        "tls_maximum_protocol_version", "TLSv1_3")); // Envoy stops at 1.2 otherwise
    if (tls.certFile() != null && tls.keyFile() != null) {
      common.put(
          "tls_certificates",
          list(
              map()
                  .put("certificate_chain", map().put("filename", tls.certFile().toString()))
                  .put("private_key", map().put("filename", tls.keyFile().toString()))));
    }
    common.put(
        "validation_context",
        map()
            .put(
                "trusted_ca",
                map().put("filename", caFile == null ? PLATFORM_CA : caFile.toString()))
            .put("match_typed_subject_alt_names", list(san)));
    context.put("common_tls_context", common);
    return map().put("name", "envoy.transport_sockets.tls").put("typed_config", context);
  }

  private static UpstreamAddress expected(@Nullable String serverName, UpstreamAddress dialled) {
    if (serverName == null) {
      return dialled;
    }
    boolean ipv6 = serverName.contains(":") && !serverName.startsWith("[");
    return UpstreamAddress.parse(
        (ipv6 ? "[" + serverName + "]" : serverName) + ":" + dialled.port());
  }

  private static Yaml.Mapping healthCheck() {
    return map()
        .put("timeout", "1s")
        .put("interval", "5s")
        .put("no_traffic_interval", "5s")
        .put("unhealthy_interval", "0.5s") // decides how long 503s go on after a restart
        .put("unhealthy_threshold", 2)
        .put("healthy_threshold", 1)
        .put("grpc_health_check", map().put("service_name", "envoy.service.auth.v3.Authorization"));
  }

  /** Envoy's own limits are made for shared proxies: 3 retries at a time, 1024 requests. */
  private static Yaml.Mapping limits() {
    return map()
        .put(
            "thresholds",
            list(
                map()
                    .put("max_connections", 4096)
                    .put("max_pending_requests", 4096)
                    .put("max_requests", 4096)
                    .put("max_retries", 4096)));
  }

  private static Yaml.Mapping httpOptions(String kind, Yaml.Mapping options) {
    return map().put(HTTP_OPTIONS, Types.config(HTTP_OPTIONS).put(kind, options));
  }

  /** HTTP/2 for those who came with it, as gRPC does; HTTP/1.1 for the others. */
  private static Yaml.Mapping sameProtocol() {
    return httpOptions(
        "use_downstream_protocol_config",
        map().put("http_protocol_options", map()).put("http2_protocol_options", map()));
  }

  private static Yaml.Mapping endpoint(String cluster, Yaml.Mapping address) {
    Yaml.Mapping endpoint = map().put("endpoint", map().put("address", address));
    return map()
        .put("cluster_name", cluster)
        .put("endpoints", list(map().put("lb_endpoints", list(endpoint))));
  }
}
