package dev.valetkey.cli.bootstrap;

import dev.valetkey.config.ServerConfig;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A server at one of its hosts.
 *
 * @param path of all the server's addresses, without a final slash; the root is a slash
 */
record Place(String path, ServerConfig server) {

  /**
   * Hosts that hold the same servers at the same paths, which are one virtual host. Longer paths
   * come first: the first match counts.
   */
  static Map<List<Place>, List<String>> grouped(Iterable<ServerConfig> servers, boolean aliases) {
    Map<String, List<Place>> byHost = new LinkedHashMap<>();
    for (ServerConfig server : servers) {
      addresses(server, aliases)
          .forEach(address -> {
            List<Place> places = byHost.computeIfAbsent(host(address), host -> new ArrayList<>());
            Place place = new Place(path(server.url()), server);
            if (!places.contains(place)) {
              places.add(place);
            }
          });
    }
    Map<List<Place>, List<String>> byPlaces = new LinkedHashMap<>();
    byHost.forEach((host, places) -> {
      places.sort(Comparator.comparingInt((Place place) -> place.path().length()).reversed());
      byPlaces.computeIfAbsent(places, key -> new ArrayList<>()).add(host);
    });
    return byPlaces;
  }

  /** The names of all hosts: what a TLS client may ask for, which is never an address. */
  static List<String> names(Collection<ServerConfig> servers) {
    return servers.stream()
        .flatMap(server -> addresses(server, true))
        .map(Place::host)
        .filter(host -> !UpstreamAddress.isIp(host))
        .distinct()
        .toList();
  }

  /** As Envoy compares it: without a port and without the final dot. */
  static String host(URI address) {
    String host = address.getHost().toLowerCase(Locale.ROOT);
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  /** What a server reads in {@code Host}. */
  static String authority(URI url) {
    boolean https = "https".equalsIgnoreCase(url.getScheme());
    boolean defaultPort = url.getPort() == -1 || url.getPort() == (https ? 443 : 80);
    return host(url) + (defaultPort ? "" : ":" + url.getPort());
  }

  private static Stream<URI> addresses(ServerConfig server, boolean aliases) {
    return Stream.concat(
        Stream.of(server.url()), aliases ? server.aliases().stream() : Stream.empty());
  }

  private static String path(URI url) {
    String path = url.getRawPath();
    if (path == null || path.length() < 2) {
      return "/";
    }
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }
}
