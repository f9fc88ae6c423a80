package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.list;
import static dev.valetkey.cli.bootstrap.Yaml.map;
import static dev.valetkey.cli.bootstrap.Yaml.texts;

import dev.valetkey.config.InboundConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The route table of users' calls: all go to the agent, and all but the exempt ones are checked.
 */
final class InboundHost {
  /**
   * What may stand below an exempt folder. An escape, a semicolon or a backslash can lead an agent
   * to another path than the one Envoy read, so such a path is not exempt.
   */
  private static final String PLAIN = "[A-Za-z0-9._~/-]*";

  private InboundHost() {}

  static Yaml.Mapping of(InboundConfig inbound) {
    List<Yaml.Mapping> routes = new ArrayList<>();
    inbound.exemptPaths().forEach(path -> routes.add(exempt(path)));
    routes.add(
        toAgent(map().put("prefix", "/"))
            .put("typed_per_filter_config", FilterSettings.check("inbound")));
    return map().put("name", "agent").put("domains", texts("*")).put("routes", list(routes));
  }

  /** Nobody looks at the call, so nothing in it may name a user. */
  private static Yaml.Mapping exempt(String path) {
    return toAgent(match(path))
        .put(
            "request_headers_to_remove",
            texts("authorization", "baggage", "traceparent", "tracestate"))
        .put("typed_per_filter_config", FilterSettings.noCheck());
  }

  private static Yaml.Mapping match(String path) {
    if (!path.endsWith("/*")) {
      return map().put("path", path);
    }
    String folder = path.substring(0, path.length() - 1);
    return map().put("safe_regex", map().put("regex", quoted(folder) + PLAIN));
  }

  /** As RE2 reads it. */
  private static String quoted(String path) {
    return path.replaceAll("[^A-Za-z0-9_/-]", "\\\\$0");
  }

  private static Yaml.Mapping toAgent(Yaml.Mapping match) {
    return map()
        .put("match", match)
        .put("route", map().put("cluster", Names.AGENT).put("timeout", "0s"));
  }
}
