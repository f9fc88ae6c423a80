package dev.valetkey.cli.bootstrap;

import static dev.valetkey.cli.bootstrap.Yaml.map;

import dev.valetkey.config.Config;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Resources of the Kubernetes API. Their namespace is said by who applies them. */
final class Kubernetes {
  private Kubernetes() {}

  static Yaml.Mapping resource(String apiVersion, String kind, String name, Yaml.Mapping spec) {
    return map()
        .put("apiVersion", apiVersion)
        .put("kind", kind)
        .put("metadata", map().put("name", name))
        .put("spec", spec);
  }

  /** The name of what belongs to a server: an RFC 1123 label, which has no underscore. */
  static String name(String server) {
    return ("valetkey-" + server).replace('_', '-').replaceAll("-+$", "");
  }

  /** Two servers that would share a name, as a sentence; empty if none do. */
  static String problem(Config config) {
    Map<String, String> servers = new HashMap<>();
    for (String server : config.servers().keySet()) {
      String other = servers.put(name(server), server);
      if (other != null) {
        return "servers." + other + " and servers." + server + " have one name in Kubernetes";
      }
    }
    return "";
  }

  /** All resources as one YAML stream. */
  static String print(String header, List<Yaml.Mapping> resources) {
    return header
        + resources.stream().map(Yaml.Mapping::print).collect(Collectors.joining("---\n"));
  }
}
