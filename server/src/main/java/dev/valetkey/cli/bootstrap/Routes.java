package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import java.util.ArrayList;
import java.util.List;

/** Where the calls of a virtual host go, each with what its Check is about. */
final class Routes {
  private final Names names;

  Routes(Names names) {
    this.names = names;
  }

  /**
   * Whether a server's 401 gets a second attempt. {@code without_user} acts only beside grants that
   * renew, and adds none.
   */
  static boolean renews(ServerConfig server) {
    return server.grant().renewable();
  }

  /** First attempts at the servers of one host. */
  List<Yaml.Mapping> outbound(List<Place> places) {
    List<Yaml.Mapping> routes = new ArrayList<>();
    places.forEach(place -> routes.add(outbound(place)));
    if (places.stream().noneMatch(place -> place.path().equals("/"))) {
      // Any other path of the host: a Check that refuses it as not listed, and nothing behind it.
      routes.add(
          notFound()
              .put(
                  "typed_per_filter_config",
                  FilterSettings.check("outbound", places.getLast().server())));
    }
    return routes;
  }

  /** The second attempt at a server. */
  Yaml.Mapping retry(Place place) {
    return map()
        .put("match", match(place.path()))
        .put("route", to(names.cluster(place.server().name()), place.server()))
        .put("typed_per_filter_config", FilterSettings.check("retry", place.server()));
  }

  /** Nothing is there. */
  static Yaml.Mapping notFound() {
    return map()
        .put("match", map().put("prefix", "/"))
        .put("direct_response", map().put("status", 404));
  }

  /** To where the agent wanted to go. */
  static Yaml.Mapping pass() {
    return map()
        .put("match", map().put("prefix", "/"))
        .put("route", map().put("cluster", Names.UNLISTED).put("timeout", "0s"));
  }

  /** No tunnel. */
  static Yaml.Mapping connect(int status) {
    return map()
        .put("match", map().put("connect_matcher", map()))
        .put("direct_response", map().put("status", status))
        .put("typed_per_filter_config", FilterSettings.noCheck());
  }

  /** A tunnel to a host that is no server, on the port of https alone. */
  static Yaml.Mapping tunnel() {
    Yaml.Mapping https =
        map().put("name", ":authority").put("string_match", map().put("suffix", ":443"));
    return tunnel(map().put("connect_matcher", map()).put("headers", list(https)), Names.UNLISTED);
  }

  /** A tunnel that ends here, where the TLS inside it is opened and its calls are checked. */
  static Yaml.Mapping open() {
    return tunnel(map().put("connect_matcher", map()), Names.OPENED_TLS);
  }

  private static Yaml.Mapping tunnel(Yaml.Mapping match, String cluster) {
    Yaml.Mapping connect = map().put("upgrade_type", "CONNECT").put("connect_config", map());
    return map()
        .put("match", match)
        .put(
            "route",
            map()
                .put("cluster", cluster)
                .put("timeout", "0s")
                .put("upgrade_configs", list(connect)))
        .put("typed_per_filter_config", FilterSettings.noCheck());
  }

  private Yaml.Mapping outbound(Place place) {
    Yaml.Mapping route = map().put("match", match(place.path()));
    if (place.server().grant() instanceof GrantConfig.Refuse) {
      route.put("direct_response", map().put("status", 403));
    } else if (renews(place.server())) {
      route.put(
          "route",
          to(names.aggregate(place.server().name()), place.server())
              .put("retry_policy", onceAfter401()));
    } else {
      route.put("route", to(names.cluster(place.server().name()), place.server()));
    }
    return route.put("typed_per_filter_config", FilterSettings.check("outbound", place.server()));
  }

  /** A prefix on segment boundaries. */
  private static Yaml.Mapping match(String path) {
    return map().put(path.equals("/") ? "prefix" : "path_separated_prefix", path);
  }

  private static Yaml.Mapping to(String cluster, ServerConfig server) {
    return map()
        .put("cluster", cluster)
        .put("timeout", "0s") // streams: Envoy cuts after 15 s otherwise
        .put("host_rewrite_literal", Place.authority(server.url()));
  }

  /**
   * The second attempt goes to the other member of the aggregate. Our own refusal is a local reply
   * and is never retried.
   */
  private static Yaml.Mapping onceAfter401() {
    return map()
        .put("retry_on", "retriable-status-codes")
        .put("retriable_status_codes", new Yaml.Sequence(List.of(new Yaml.Int(401))))
        .put("num_retries", 1)
        .put("retry_back_off", map().put("base_interval", "0.001s").put("max_interval", "0.001s"))
        .put(
            "retry_priority",
            map()
                .put("name", "envoy.retry_priorities.previous_priorities")
                .put(
                    "typed_config",
                    Types.config(
                            "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig")
                        .put("update_frequency", 1)));
  }
}
