package dev.valetkey.config;

import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Servers must be told apart by host and path: Envoy's virtual hosts know nothing else. */
final class AddressRules {

  private AddressRules() {}

  /** One address of a server, and where it stands in the file. */
  private record Address(String server, String path, URI uri) {}

  static void apply(Collection<Draft> servers, Findings findings) {
    Map<String, List<Address>> byHost = new LinkedHashMap<>();
    for (Draft server : servers) {
      for (Address address : addresses(server)) {
        List<Address> seen =
            byHost.computeIfAbsent(address.uri().getHost(), host -> new ArrayList<>());
        seen.stream()
            .filter(other -> !other.server().equals(address.server()))
            .map(other -> conflict(other, address))
            .filter(message -> !message.isEmpty())
            .findFirst()
            .ifPresent(message -> findings.problem(address.path(), message));
        seen.add(address);
      }
    }
  }

  private static List<Address> addresses(Draft server) {
    List<Address> addresses = new ArrayList<>();
    URI url = server.get("url", URI.class);
    if (url != null) {
      addresses.add(new Address(server.name(), server.path("url"), url));
    }
    List<URI> aliases = server.list("aliases", URI.class);
    for (int i = 0; i < aliases.size(); i++) {
      addresses.add(
          new Address(server.name(), server.path("aliases") + "[" + i + "]", aliases.get(i)));
    }
    return addresses;
  }

  private static String conflict(Address first, Address second) {
    String servers = "servers." + first.server() + " and servers." + second.server();
    if (first.uri().getPort() != second.uri().getPort()) {
      return servers
          + " have one host on different ports, which Envoy cannot tell apart ("
          + first.uri()
          + ", "
          + second.uri()
          + ")";
    }
    if (Urls.path(first.uri()).equals(Urls.path(second.uri()))) {
      return servers + " have the same host and path (" + first.uri() + ", " + second.uri() + ")";
    }
    return "";
  }
}
