package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import dev.valetkey.config.EnvoyConfig;

/**
 * Where a gateway finds {@code listen.address}, and who must be there.
 *
 * @param name expected in the certificate: a DNS name, or a URI, which has a colon
 */
record SidecarAddress(UpstreamAddress address, String name) {

  /** {@code envoy.sidecar} must be there. */
  static SidecarAddress of(EnvoyConfig envoy) {
    UpstreamAddress address = UpstreamAddress.parse(requireNonNull(envoy.sidecar()));
    return new SidecarAddress(address, requireNonNullElse(envoy.sidecarName(), address.host()));
  }

  boolean namedByUri() {
    return name.contains(":");
  }

  /** A validation context that takes this name alone. */
  Yaml.Mapping expectedName() {
    Yaml.Mapping san =
        map()
            .put("san_type", namedByUri() ? "URI" : "DNS")
            .put("matcher", map().put("exact", name));
    return map().put("match_typed_subject_alt_names", list(san));
  }
}
