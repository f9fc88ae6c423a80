package dev.valetkey.config;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.NodeTuple;

/** Says what somebody may have meant by a key that does not exist. */
final class UnknownKeys {

  /** Keys under which people write secrets, and the key that names a file instead. */
  private static final Map<String, String> SECRETS =
      Map.ofEntries(
          Map.entry("access_token", "token_file"),
          Map.entry("actor_token", "actor_token_file"),
          Map.entry("api_key", "token_file"),
          Map.entry("client_assertion", "client_assertion_file"),
          Map.entry("client_secret", "client_secret_file"),
          Map.entry("key", "private_key_file"),
          Map.entry("password", "client_secret_file"),
          Map.entry("private_key", "private_key_file"),
          Map.entry("secret", "client_secret_file"),
          Map.entry("token", "token_file"));

  private UnknownKeys() {}

  /**
   * Reports every key that the section does not have.
   *
   * @return the keys of the section that were probably meant
   */
  static Set<String> report(
      Shape.Section shape, Map<String, NodeTuple> members, String path, Findings findings) {
    Set<String> meant = new HashSet<>();
    List<String> known = shape.keys();
    members.forEach((key, member) -> {
      if (!known.contains(key)) {
        String instead = SECRETS.get(key);
        List<String> free = known.stream().filter(name -> !members.containsKey(name)).toList();
        String message =
            instead != null
                ? "a secret is never written here: put it into a file and name the file with "
                    + instead
                : "unknown key"
                    + Names.closest(key, free).map(UnknownKeys::question).orElse(list(known));
        Names.closest(key, free).ifPresent(meant::add);
        if (instead != null) {
          meant.add(instead);
        }
        findings.problem(YamlTree.line(member.getKeyNode()), Names.join(path, key), message);
      }
    });
    return meant;
  }

  private static String question(String name) {
    return " (did you mean '" + name + "'?)";
  }

  private static String list(List<String> known) {
    return known.isEmpty()
        ? " (there are none here)"
        : " (known: " + String.join(", ", known) + ")";
  }
}
