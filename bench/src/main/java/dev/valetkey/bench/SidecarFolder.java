package dev.valetkey.bench;

import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A folder with a configuration for a sidecar that knows one issuer. */
record SidecarFolder(Path folder) {
  /**
   * Writes the configuration.
   *
   * @param ca the file with the issuer's certificate authority; empty: it speaks plain http
   * @param servers how many servers there are: {@code s0}, {@code s1} and so on
   */
  static SidecarFolder write(Path folder, Issuer issuer, String ca, int servers) {
    SidecarFolder made = new SidecarFolder(folder);
    StringBuilder yaml =
        new StringBuilder(
            """
            listen: {socket: %s}
            admin: {socket: %s, address: "127.0.0.1:%d"}
            issuers:
              corp: {issuer: "%s", client_id: agent, client_secret_file: secret, timeout: 8s, %s}
            servers:
            """
                .formatted(
                    made.socket(),
                    folder.resolve("admin.sock"),
                    Ports.free(),
                    issuer.issuer(),
                    ca.isEmpty() ? "allow_http: true" : "tls: {ca_file: " + ca + "}"));
    for (int i = 0; i < servers; i++) {
      yaml.append(server("s" + i, "{audience: s%d}".formatted(i)));
    }
    return made.with(yaml.toString());
  }

  /** As {@link #write}, with a server for each of these grants, and a cache that keeps nothing. */
  static SidecarFolder withoutCache(
      Path folder, Issuer issuer, String ca, Map<String, String> grants) {
    SidecarFolder made = write(folder, issuer, ca, 0);
    StringBuilder yaml = new StringBuilder();
    grants.forEach((name, grant) -> yaml.append(server(name, grant)));
    try {
      String head = Files.readString(made.config());
      return made.with(
          "cache: {max_entries: 0}\nusers: [{issuer: corp}]\n"
              + "grants: {chained: {issuer: corp, audience: agent}}\n"
              + head
              + yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String server(String name, String grant) {
    return "  %s: {url: https://%s.mcp.test/mcp, grant: %s}\n".formatted(name, name, grant);
  }

  private SidecarFolder with(String yaml) {
    try {
      Files.createDirectories(folder);
      Files.writeString(config(), yaml);
      Files.writeString(folder.resolve("secret"), Issuer.AGENT_SECRET);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  Path config() {
    return folder.resolve("valetkey.yaml");
  }

  Path socket() {
    return folder.resolve("authz.sock");
  }
}
