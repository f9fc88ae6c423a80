package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;

import dev.valetkey.config.Config;
import dev.valetkey.config.IssuerConfig;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Comparator;

/** What a request passes on its way through Envoy, the Check above all. */
final class HttpFilters {
  private static final String FILTERS = "envoy.extensions.filters.http.";

  /** What Envoy waits beyond an issuer's own timeout, so that our answer comes first. */
  private static final Duration MARGIN = Duration.ofSeconds(2);

  private final Config config;

  HttpFilters(Config config) {
    this.config = config;
  }

  /** The Check. No answer of the sidecar is a 503; one that changes other headers is a 500. */
  Yaml.Mapping authorization() {
    Yaml.Mapping rules =
        map()
            .put("disallow_all", true)
            .put(
                "allow_expression",
                map().put("regex", "^(authorization|dpop|baggage|traceparent|tracestate)$"))
            .put("disallow_is_error", true);
    return extension(
        "envoy.filters.http.ext_authz",
        Types.config(FILTERS + "ext_authz.v3.ExtAuthz")
            .put("transport_api_version", "V3")
            .put("stat_prefix", "valetkey")
            .put(
                "grpc_service",
                map()
                    .put("timeout", checkTimeoutText())
                    .put("envoy_grpc", map().put("cluster_name", Names.SIDECAR)))
            .put("status_on_error", map().put("code", "ServiceUnavailable"))
            .put("encode_raw_headers", true)
            .put("validate_mutations", true) // else CR and LF in a header of ours reach the agent
            .put("decoder_header_mutation_rules", rules));
  }

  /** What the caller must not say about itself: Envoy and we would believe it. */
  static Yaml.Mapping dropForgedHeaders() {
    Yaml.Mapping mutations =
        map()
            .put(
                "request_mutations",
                list(removeByPrefix("x-envoy-"), removeByPrefix("x-valetkey-")));
    return extension(
        "envoy.filters.http.header_mutation",
        Types.config(FILTERS + "header_mutation.v3.HeaderMutation").put("mutations", mutations));
  }

  /** Looks up the address of a host that only the request names. */
  static Yaml.Mapping forwardProxy() {
    return extension(
        "envoy.filters.http.dynamic_forward_proxy",
        Types.config(FILTERS + "dynamic_forward_proxy.v3.FilterConfig")
            .put("dns_cache_config", Clusters.dnsCache()));
  }

  static Yaml.Mapping router() {
    return extension(
        "envoy.filters.http.router",
        Types.config(FILTERS + "router.v3.Router").put("suppress_envoy_headers", true));
  }

  private static Yaml.Mapping removeByPrefix(String prefix) {
    return map().put("remove_on_match", map().put("key_matcher", map().put("prefix", prefix)));
  }

  private static Yaml.Mapping extension(String name, Yaml.Mapping config) {
    return map().put("name", name).put("typed_config", config);
  }

  /** How long a Check may take, as Envoy writes it. */
  String checkTimeoutText() {
    return seconds(checkTimeout());
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
}
