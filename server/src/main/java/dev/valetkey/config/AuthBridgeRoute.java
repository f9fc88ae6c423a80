package dev.valetkey.config;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * One route as AuthBridge reads it ({@code authlib/routing}): the first whose host matches decides.
 * An empty text is an absent key, as it is there.
 *
 * @param path of the route in the file, such as {@code [2]}
 * @param host in lower case: a name, perhaps a port, or a pattern in which {@code *} stands for
 *     characters that are not dots
 * @param action {@code exchange}, {@code passthrough}, {@code broker}, or what else was written
 */
record AuthBridgeRoute(
    String path,
    int line,
    String host,
    String audience,
    String scopes,
    String tokenUrl,
    String action,
    String brokerUrl) {

  private static final List<String> KEYS =
      List.of(
          "host",
          "target_audience",
          "token_scopes",
          "token_url",
          "action",
          "passthrough",
          "token_broker_url");

  private static final Pattern PORT = Pattern.compile(":[0-9]+$");
  private static final Pattern MAGIC = Pattern.compile("[*?\\[\\]{}\\\\]");

  /** Reads one entry of the list; null where it is no route at all. */
  static @Nullable AuthBridgeRoute read(Node node, String path, Findings findings) {
    if (!(node instanceof MappingNode mapping)) {
      findings.problem(YamlTree.line(node), path, "must be a route, not " + YamlTree.kind(node));
      return null;
    }
    Set<String> seen = new HashSet<>();
    String[] values = new String[KEYS.size()];
    for (NodeTuple member : mapping.getValue()) {
      String key = member.getKeyNode() instanceof ScalarNode name ? name.getValue() : "?";
      int line = YamlTree.line(member.getKeyNode());
      findings.locate(Names.join(path, key), line);
      if (!KEYS.contains(key)) {
        findings.problem(
            line, Names.join(path, key), "unknown key, to AuthBridge too" + Names.hint(key, KEYS));
      } else if (!seen.add(key)) {
        findings.problem(line, Names.join(path, key), "duplicate key");
      } else if (member.getValueNode() instanceof ScalarNode value) {
        values[KEYS.indexOf(key)] = value.getValue().strip();
      } else {
        findings.problem(
            line,
            Names.join(path, key),
            "must be a single value, not " + YamlTree.kind(member.getValueNode()));
      }
    }
    findings.locate(path, YamlTree.line(node));
    return new AuthBridgeRoute(
        path,
        YamlTree.line(node),
        text(values[0]).toLowerCase(Locale.ROOT),
        text(values[1]),
        text(values[2]),
        text(values[3]),
        action(text(values[4]), text(values[5])),
        text(values[6]));
  }

  /** The host without a port, as AuthBridge compares it. */
  String name() {
    return PORT.matcher(host).replaceFirst("");
  }

  /** A single word or a service of the cluster: a name that means nothing outside. */
  boolean isInside() {
    return !name().contains(".")
        || name().endsWith(".svc")
        || name().endsWith(".svc.cluster.local");
  }

  /** Whether the host is a pattern. */
  boolean isPattern() {
    return MAGIC.matcher(host).find();
  }

  boolean passes() {
    return action.equals("passthrough");
  }

  /** Whether this pattern matches a host; its stars and question marks are understood, no more. */
  boolean covers(String other) {
    String pattern =
        Pattern.quote(host)
            .replace("**", "\\E.{0,}\\Q")
            .replace("*", "\\E[^.]{0,}\\Q")
            .replace("?", "\\E[^.]\\Q");
    return isPattern() && other.matches(pattern);
  }

  private static String action(String action, String passthrough) {
    if (!action.isEmpty()) {
      return action;
    }
    return passthrough.equalsIgnoreCase("true") ? "passthrough" : "exchange";
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }
}
