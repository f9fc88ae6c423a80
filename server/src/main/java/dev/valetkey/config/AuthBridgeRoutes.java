package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Says AuthBridge's routes file ({@code routes.yaml} of {@code authproxy-routes}) as a {@code
 * valetkey.yaml}: every host that it exchanges tokens for is a server. What cannot be said the same
 * way is a problem with its line there and a comment here, and the host is refused rather than left
 * open.
 */
public final class AuthBridgeRoutes {

  /**
   * What came of it.
   *
   * @param yaml a configuration in order; empty where there is no server to write
   * @param problems empty: nothing was lost
   */
  public record Translation(String yaml, List<Problem> problems) {
    public Translation {
      problems = List.copyOf(problems);
    }
  }

  /** Keycloak's endpoint says which issuer it belongs to; others do not. */
  private static final Pattern KEYCLOAK =
      Pattern.compile(
          "(https?://[^/?#@]+(?:/[^?#]*)?/realms/([^/?#]+))/protocol/openid-connect/token");

  private final Findings findings;
  private final AuthBridgeYaml yaml = new AuthBridgeYaml();
  private final List<AuthBridgeRoute> earlier = new ArrayList<>();

  private AuthBridgeRoutes(Findings findings) {
    this.findings = findings;
  }

  /** Reads a routes file. */
  public static Translation translate(Path file) {
    Findings findings = new Findings(file);
    AuthBridgeRoutes routes = new AuthBridgeRoutes(findings);
    String text = ConfigReader.text(file, findings);
    Node root = text == null ? null : YamlTree.parse(text, findings);
    if (root != null) {
      routes.all(root);
    }
    return new Translation(
        routes.yaml.hasServers() ? routes.yaml.text(file) : "", findings.problems());
  }

  private void all(Node root) {
    if (!(root instanceof SequenceNode list)) {
      findings.problem(
          YamlTree.line(root),
          "",
          "must be a list of routes, not "
              + YamlTree.kind(root)
              + "; of a ConfigMap, the text of its routes.yaml");
      return;
    }
    for (int i = 0; i < list.getValue().size(); i++) {
      AuthBridgeRoute route = AuthBridgeRoute.read(list.getValue().get(i), "[" + i + "]", findings);
      if (route != null) {
        one(route);
        earlier.add(route);
      }
    }
    if (!yaml.hasServers()) {
      findings.problem(0, "", "no route is for a host that could be a server");
    }
  }

  private void one(AuthBridgeRoute route) {
    if (route.host().isEmpty()) {
      problem(route, "host", "is required");
    } else if (earlier.stream().anyMatch(other -> other.name().equals(route.name()))) {
      problem(route, "host", "is never reached: an earlier route is for the same host");
    } else if (route.passes()) {
      yaml.comment(
          about(route)
              + "; passes like every host that is not a server, with other credentials than a user token");
      return;
    } else if (route.isPattern()) {
      problem(route, "host", Urls.PATTERN + "; write a server for each host that is meant");
    } else if (Urls.parse(url(route), Form.SERVER_URL) instanceof Parsed.Fault fault) {
      problem(route, "host", fault.message());
    } else {
      server(route);
      return;
    }
    yaml.comment(about(route));
  }

  private void server(AuthBridgeRoute route) {
    if (!route.name().equals(route.host())) {
      problem(
          route,
          "host",
          "is never reached: AuthBridge compares without the port; it is reached here");
    }
    earlier.stream()
        .filter(other -> other.covers(route.name()))
        .findFirst()
        .ifPresent(other ->
            problem(
                route,
                "host",
                "is never reached: %s on line %d comes first; it is reached here"
                    .formatted(Names.shown(other.host()), other.line())));
    String url = url(route);
    List<String> aliases =
        url.startsWith("https:") ? List.of(url.replace("https:", "http:")) : List.of();
    String grant = grant(route);
    yaml.server(route.name(), about(route), url, aliases, grant);
  }

  /** In plain text only inside the cluster: a token must not travel so to anywhere else. */
  private static String url(AuthBridgeRoute route) {
    return (route.isInside() ? "http://" : "https://") + route.host();
  }

  private String grant(AuthBridgeRoute route) {
    return switch (route.action()) {
      case "exchange" -> exchange(route);
      case "broker" -> broker(route);
      default ->
          refused(
              route,
              "action",
              "must be exchange, passthrough or broker (was " + Names.shown(route.action()) + ")");
    };
  }

  private String exchange(AuthBridgeRoute route) {
    if (route.audience().isEmpty()) {
      return refused(route, "target_audience", "is required: a token is made for one audience");
    }
    Matcher keycloak = KEYCLOAK.matcher(route.tokenUrl());
    if (!route.tokenUrl().isEmpty() && !keycloak.matches()) {
      return refused(
          route,
          "token_url",
          "does not say which issuer it belongs to; write an issuer with this token_endpoint");
    }
    String issuer =
        route.tokenUrl().isEmpty()
            ? AuthBridgeYaml.ISSUER
            : yaml.issuer(keycloak.group(1), keycloak.group(2));
    String scope =
        route.scopes().isEmpty() ? "" : ", scope: " + AuthBridgeYaml.quoted(route.scopes());
    return "{issuer: %s, audience: %s, resource: []%s}"
        .formatted(issuer, AuthBridgeYaml.quoted(route.audience()), scope);
  }

  private String broker(AuthBridgeRoute route) {
    if (Urls.parse(route.brokerUrl(), Form.ENDPOINT) instanceof Parsed.Fault fault) {
      return refused(route, "token_broker_url", fault.message());
    }
    return "{type: token_broker, url: %s%s}"
        .formatted(
            AuthBridgeYaml.quoted(route.brokerUrl()),
            route.brokerUrl().startsWith("http:") ? ", allow_http: true" : "");
  }

  private String refused(AuthBridgeRoute route, String key, String message) {
    problem(route, key, message);
    return "refuse";
  }

  private void problem(AuthBridgeRoute route, String key, String message) {
    findings.problem(Names.join(route.path(), key), message);
  }

  /** Where a route stands, and every problem that it has. */
  private String about(AuthBridgeRoute route) {
    String start = Names.join(route.path(), "");
    return "line %d: %s%s"
        .formatted(
            route.line(),
            Names.shown(route.host()),
            findings.problems().stream()
                .filter(problem -> problem.path().startsWith(start))
                .map(problem ->
                    "; " + problem.path().substring(start.length()) + " " + problem.message())
                .collect(Collectors.joining()));
  }
}
