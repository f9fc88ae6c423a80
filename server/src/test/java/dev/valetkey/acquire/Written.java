package dev.valetkey.acquire;

import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Questions for tokens of a server {@code github}, out of configuration files as users write. */
final class Written {
  private Written() {}

  /** Fails if there are problems. */
  static Config config(Path folder, String yaml) {
    return switch (ConfigReader.readText(folder.resolve("valetkey.yaml"), yaml)) {
      case ReadResult.Loaded loaded -> loaded.config();
      case ReadResult.Problems found -> throw new AssertionError(found.problems());
    };
  }

  static TokenRequest request(Path folder, String yaml, @Nullable User user) {
    return request(config(folder, yaml), user);
  }

  static TokenRequest request(Config config, @Nullable User user) {
    ServerConfig server = Objects.requireNonNull(config.servers().get("github"));
    return new TokenRequest(Target.of(config, server, server.grant()), user, Duration.ZERO);
  }

  /** The client {@code agent} at this issuer, with its secret in the file {@code agent}. */
  static String issuer(String name, Object issuer) {
    return """
      %s:
        issuer: %s
        allow_http: true
        client_id: agent
        client_secret_file: agent
        max_in_flight: 4
    """
        .formatted(name, issuer);
  }

  /** The server with this grant and further keys. */
  static String server(String grant, String... keys) {
    return """
    servers:
      github:
        url: https://mcp.github.example/mcp
        grant: %s
    """
            .formatted(grant)
        + String.join("\n", keys).indent(4);
  }
}
