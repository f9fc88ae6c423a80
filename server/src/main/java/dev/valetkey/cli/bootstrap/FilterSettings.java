package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;

import dev.valetkey.config.ServerConfig;

/** What a route or a virtual host says to the filters ({@code typed_per_filter_config}). */
final class FilterSettings {
  private static final String AUTHZ_PER_ROUTE =
      "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
  private static final String HEADERS_PER_ROUTE =
      "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";

  private FilterSettings() {}

  /** The Check is about this server. */
  static Yaml.Mapping check(String direction, ServerConfig server) {
    return check(map().put("valetkey.direction", direction).put("valetkey.server", server.name()));
  }

  static Yaml.Mapping check(String direction) {
    return check(map().put("valetkey.direction", direction));
  }

  /** The Check is about a call that will be sent nowhere, whatever the answer. */
  static Yaml.Mapping checkAndRefuse() {
    return check(map().put("valetkey.direction", "unlisted").put("valetkey.unlisted", "refuse"));
  }

  static Yaml.Mapping noCheck() {
    return authorization(Types.config(AUTHZ_PER_ROUTE).put("disabled", true));
  }

  /**
   * The user token leaves Authorization before the Check, and the header that holds it is dropped
   * after it: whatever the Check does or does not do, the user token cannot leave the pod.
   */
  static Yaml.Mapping hideUserToken() {
    Yaml.Mapping move =
        map()
            .put(
                "append",
                map()
                    .put(
                        "header",
                        map()
                            .put("key", "x-valetkey-user-token")
                            .put("value", "%REQ(AUTHORIZATION)%"))
                    .put("append_action", "OVERWRITE_IF_EXISTS_OR_ADD"));
    Yaml.Mapping mutations =
        map().put("request_mutations", list(move, map().put("remove", "authorization")));
    return map()
        .put(
            "envoy.filters.http.header_mutation",
            Types.config(HEADERS_PER_ROUTE).put("mutations", mutations));
  }

  private static Yaml.Mapping check(Yaml.Mapping context) {
    return authorization(
        Types.config(AUTHZ_PER_ROUTE)
            .put("check_settings", map().put("context_extensions", context)));
  }

  private static Yaml.Mapping authorization(Yaml.Mapping settings) {
    return map().put("envoy.filters.http.ext_authz", settings);
  }
}
