package dev.valetkey.route;

import dev.valetkey.call.Authority;
import dev.valetkey.call.HttpCall;
import dev.valetkey.config.ServerConfig;
import java.net.URI;
import java.util.stream.Stream;

/** Where one server is: its authorities and its path prefix. Immutable. */
public final class Route implements Match {
  private final int index;
  private final ServerConfig server;
  private final byte[] name;

  /** An array, because walking over a list leaves an iterator behind at every check. */
  private final Authority[] authorities;

  private final byte[] prefix;

  Route(int index, ServerConfig server) {
    this.index = index;
    this.server = server;
    this.name = HttpCall.ascii(server.name());
    this.authorities =
        Stream.concat(Stream.of(server.url()), server.aliases().stream())
            .map(Authority::of)
            .toArray(Authority[]::new);
    this.prefix = prefix(server.url());
  }

  /** Position of the server in the configuration. */
  public int index() {
    return index;
  }

  public ServerConfig server() {
    return server;
  }

  byte[] name() {
    return name;
  }

  boolean hasAuthority(byte[] bytes, int start, int end) {
    for (Authority authority : authorities) {
      if (authority.matches(bytes, start, end)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a path lies at or under the prefix, on a segment boundary. */
  boolean covers(byte[] bytes, int start, int end) {
    return CanonicalPath.isUnder(prefix, bytes, start, end);
  }

  /** Whether this route takes calls away from {@code other}: same host, deeper path. */
  boolean isInside(Route other) {
    return prefix.length > other.prefix.length
        && CanonicalPath.isUnder(other.prefix, prefix, 0, prefix.length)
        && Stream.of(authorities)
            .anyMatch(mine -> Stream.of(other.authorities).anyMatch(mine::sameHost));
  }

  /** The path without a trailing slash; empty for the root. */
  private static byte[] prefix(URI url) {
    String path = url.getRawPath() == null ? "" : url.getRawPath();
    return HttpCall.ascii(path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
  }
}
