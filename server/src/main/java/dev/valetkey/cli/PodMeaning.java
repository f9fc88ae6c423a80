package dev.valetkey.cli;

import dev.valetkey.cli.Meaning.Line;
import dev.valetkey.config.Config;
import dev.valetkey.config.InboundConfig;
import dev.valetkey.config.InterceptConfig;
import dev.valetkey.config.ListenConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.UserTokenSource;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a configuration means around the agent: who may call over the network, what becomes of
 * users' calls, whose TLS is opened. Nothing where none of it is configured.
 */
final class PodMeaning {
  private PodMeaning() {}

  static List<Line> of(Config config) {
    List<Line> lines = new ArrayList<>();
    ListenConfig listen = config.listen();
    if (listen.address() != null && listen.tls() != null) {
      lines.add(
          new Line(
              "network",
              "Envoys call at "
                  + listen.address()
                  + " with a certificate for "
                  + String.join(" or ", listen.tls().clientNames())));
    }
    InboundConfig inbound = config.inbound();
    if (inbound != null) {
      lines.add(new Line("inbound", toAgent(inbound)));
      lines.add(
          new Line(
              "exempt",
              inbound.exemptPaths().isEmpty()
                  ? "no path"
                  : String.join(", ", inbound.exemptPaths()) + ": called without a user"));
    }
    if (inbound != null && config.userToken().correlates()) {
      lines.add(new Line("known by", correlators(config) + ", at " + where(config, inbound)));
    }
    if (config.intercept() != null) {
      lines.add(new Line("intercept", opened(config, config.intercept())));
    }
    return lines;
  }

  /** What else must not leave for hosts that are not servers; empty: nothing. */
  static String guarded(Config config) {
    String places =
        config.userToken().guard().stream()
            .map(place ->
                switch (place) {
                  case PROXY_AUTHORIZATION -> "Proxy-Authorization";
                  case COOKIE -> "a cookie";
                  case QUERY -> "the query";
                })
            .collect(Collectors.joining(" or "));
    return places.isEmpty() ? "" : "; calls that carry one in " + places + " are refused";
  }

  private static String toAgent(InboundConfig inbound) {
    return "users' calls of the agent are checked; it gets "
        + switch (inbound.userToken()) {
          case LEAVE -> "the user token as it came";
          case HANDLE -> "a handle instead of the user token";
        };
  }

  private static String correlators(Config config) {
    return config.userToken().from().stream()
        .filter(UserTokenSource.Correlator.class::isInstance)
        .map(Meaning::source)
        .collect(Collectors.joining(", else "));
  }

  private static String where(Config config, InboundConfig inbound) {
    return inbound.handleServers().containsAll(config.servers().keySet())
        ? "every server"
        : String.join(", ", inbound.handleServers()) + " and no other server";
  }

  private static String opened(Config config, InterceptConfig intercept) {
    String hosts =
        config.servers().values().stream()
            .map(ServerConfig::url)
            .filter(url -> "https".equals(url.getScheme()))
            .map(URI::getHost)
            .distinct()
            .collect(Collectors.joining(", "));
    return "TLS of the agent to "
        + hosts
        + " is opened; what it has to trust is in "
        + intercept.trustDir();
  }
}
