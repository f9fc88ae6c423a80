package dev.valetkey.route;

import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.route.Match.Mismatch;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the server of a call. Envoy's route names it; authority and path must then agree with the
 * configuration, so that a mistake in either leads to a refusal and not to a token in the wrong
 * place. Immutable; allocates nothing when asked.
 */
public final class RouteTable {
  private static final Mismatch UNKNOWN_SERVER = new Mismatch(Reason.UNKNOWN_SERVER);
  private static final Mismatch AUTHORITY_MISMATCH = new Mismatch(Reason.AUTHORITY_MISMATCH);
  private static final Mismatch PATH_NOT_CANONICAL = new Mismatch(Reason.PATH_NOT_CANONICAL);
  private static final Mismatch PATH_NOT_LISTED = new Mismatch(Reason.PATH_NOT_LISTED);

  private final List<Route> routes;

  /** By index of a route: the routes inside it, which take their calls away. */
  private final Route[][] inside;

  public RouteTable(Collection<ServerConfig> servers) {
    List<Route> all = new ArrayList<>();
    servers.forEach(server -> all.add(new Route(all.size(), server)));
    routes = List.copyOf(all);
    inside =
        all.stream()
            .map(outer -> all.stream().filter(inner -> inner.isInside(outer)).toArray(Route[]::new))
            .toArray(Route[][]::new);
  }

  /** All routes, in the order of the configuration. */
  public List<Route> routes() {
    return routes;
  }

  /** The server that the call's route names, if authority and path are that server's. */
  public Match match(HttpCall call) {
    Route route = named(call);
    if (route == null) {
      return UNKNOWN_SERVER;
    }
    if (!route.hasAuthority(call.bytes(), call.start(Part.AUTHORITY), call.end(Part.AUTHORITY))) {
      return AUTHORITY_MISMATCH;
    }
    int start = call.start(Part.PATH);
    int end = CanonicalPath.end(call.bytes(), start, call.end(Part.PATH));
    if (end < 0) {
      return PATH_NOT_CANONICAL;
    }
    if (!route.covers(call.bytes(), start, end)) {
      return PATH_NOT_LISTED;
    }
    // Where another server lies deeper, a parameter would be a second spelling of its path.
    Route[] inner = inside[route.index()];
    if (inner.length > 0 && CanonicalPath.hasParameter(call.bytes(), start, end)) {
      return PATH_NOT_CANONICAL;
    }
    for (Route other : inner) {
      if (other.covers(call.bytes(), start, end)) {
        return PATH_NOT_LISTED;
      }
    }
    return route;
  }

  /**
   * The server that Envoy's routes choose for this URL: of those with its host, the one with the
   * longest prefix of its path.
   */
  public Optional<Route> find(URI url) {
    byte[] authority = HttpCall.ascii(url.getRawAuthority() == null ? "" : url.getRawAuthority());
    byte[] path = HttpCall.ascii(url.getRawPath() == null ? "" : url.getRawPath());
    List<Route> ofHost =
        routes.stream()
            .filter(route -> route.hasAuthority(authority, 0, authority.length))
            .toList();
    return ofHost.stream()
        .filter(route -> route.covers(path, 0, path.length))
        .filter(route ->
            Arrays.stream(inside[route.index()])
                .noneMatch(inner -> inner.covers(path, 0, path.length)))
        .findFirst()
        .or(() -> ofHost.stream().findFirst());
  }

  private @Nullable Route named(HttpCall call) {
    int start = call.start(Part.SERVER);
    int end = call.end(Part.SERVER);
    if (start < 0) {
      return null;
    }
    for (int i = 0; i < routes.size(); i++) {
      byte[] name = routes.get(i).name();
      if (Arrays.equals(call.bytes(), start, end, name, 0, name.length)) {
        return routes.get(i);
      }
    }
    return null;
  }
}
