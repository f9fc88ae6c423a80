package dev.valetkey.bench;

import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
      yaml.append(
          "  s%d: {url: https://s%d.mcp.test/mcp, grant: {audience: s%d}}\n".formatted(i, i, i));
    }
    try {
      Files.createDirectories(folder);
      Files.writeString(made.config(), yaml);
      Files.writeString(folder.resolve("secret"), Issuer.AGENT_SECRET);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return made;
  }

  Path config() {
    return folder.resolve("valetkey.yaml");
  }

  Path socket() {
    return folder.resolve("authz.sock");
  }
}
