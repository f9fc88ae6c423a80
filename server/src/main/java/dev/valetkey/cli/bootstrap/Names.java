package dev.valetkey.cli.bootstrap;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Names of Envoy's clusters. A server's cluster is called like the server; where that name is ours
 * or another server's, a number tells them apart, so that no server can take the place of the
 * sidecar.
 */
final class Names {
  static final String SIDECAR = "valetkey";
  static final String RETRY = "valetkey_retry";

  /** The sidecar again, for certificates: their streams never end. */
  static final String CERTIFICATES = "valetkey_sds";

  /** Listener and cluster of an explicit proxy: TLS that is opened. */
  static final String OPENED_TLS = "valetkey_opened_tls";

  /** Where the agent wanted to go. */
  static final String UNLISTED = "valetkey_unlisted";

  /** A cluster without endpoints. */
  static final String NOWHERE = "valetkey_nowhere";

  static final String AGENT = "valetkey_agent";

  private static final List<String> OURS =
      List.of(SIDECAR, RETRY, CERTIFICATES, OPENED_TLS, UNLISTED, NOWHERE, AGENT);

  private final Map<String, String> clusters = new HashMap<>();
  private final Map<String, String> aggregates = new HashMap<>();

  Names(Iterable<String> servers) {
    Set<String> taken = new HashSet<>(OURS);
    for (String server : servers) {
      clusters.put(server, unique(server, taken));
    }
    for (String server : servers) {
      aggregates.put(server, unique(server + "_then_retry", taken));
    }
  }

  /** The server itself. */
  String cluster(String server) {
    return Objects.requireNonNull(clusters.get(server), server);
  }

  /** The server and, after a 401, the way through the retry listener. */
  String aggregate(String server) {
    return Objects.requireNonNull(aggregates.get(server), server);
  }

  /**
   * {@code wish}, with a number behind it if it is in {@code taken}; what is returned is in there
   * afterwards.
   */
  static String unique(String wish, Set<String> taken) {
    String name = wish;
    for (int i = 2; !taken.add(name); i++) {
      name = wish + "_" + i;
    }
    return name;
  }
}
