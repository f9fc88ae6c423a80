package dev.valetkey.mcp.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.LoopbackServer;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the suite judges as a client: an agent that knows nothing of OAuth, with Envoy and valetkey
 * before it. The suite starts it once, as a process, with the address of a server that was made for
 * the occasion.
 */
final class Workload {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Workload() {}

  /**
   * A command line of one word for the suite.
   *
   * @param folder for the command and for what it writes
   * @param guide {@code valetkey}, or {@code nobody}: the agent calls the server directly
   */
  static String command(Path folder, String guide) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String script =
        """
        #!/bin/sh
        cd '%s' && exec '%s' -cp '%s' %s '%s' %s "$@"
        """
            .formatted(
                Repository.root(),
                java,
                System.getProperty("java.class.path"),
                Workload.class.getName(),
                folder,
                guide);
    Path file = folder.resolve("workload");
    Files.writeString(file, script, UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file.toString();
  }

  /** Arguments: a folder, the guide, the server. Ends with the agent's status. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    URI server = URI.create(arguments[2]);
    System.exit(
        arguments[1].equals("nobody") ? agent(folder, server, null) : guided(folder, server));
  }

  private static int guided(Path folder, URI server) {
    Scenario scenario = Scenario.called(environment("MCP_CONFORMANCE_SCENARIO", ""));
    Offer offer = Offer.of(server, environment("MCP_CONFORMANCE_CONTEXT", "{}"));
    String user = scenario.userToken(offer);
    try (LoopbackServer keys = LoopbackServer.bind(0, null)) {
      keys.serve(request -> Reply.json(user == null ? Map.of() : SignersKey.jwks(user)));
      String sections = scenario.sections(offer, keys.url("/jwks"));
      try (Gateway gateway = Gateway.start(folder, scenario.secrets(offer), sections)) {
        URI envoy = URI.create("http://localhost:" + gateway.port() + server.getPath());
        int status = agent(folder, envoy, user);
        System.err.println(gateway.writings());
        return status;
      }
    }
  }

  private static int agent(Path folder, URI url, @Nullable String user) {
    Suite suite = Suite.find();
    boolean stateless = environment("MCP_CONFORMANCE_PROTOCOL_VERSION", "").compareTo("2026") > 0;
    List<String> command =
        suite.script("agent.mjs", url.toString(), stateless ? "auto" : "legacy");
    Map<String, String> environment = new HashMap<>(suite.environment());
    if (user != null) {
      environment.put("AGENT_TOKEN", user);
    }
    try (Child agent = Child.start("agent", folder, environment, command)) {
      int status = agent.awaitExit(PATIENCE);
      System.err.println(agent.out() + agent.err());
      return status;
    }
  }

  private static String environment(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : value;
  }
}
