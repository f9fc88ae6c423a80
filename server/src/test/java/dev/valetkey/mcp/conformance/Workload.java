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
 * What the suite judges as a client: two agents that know nothing of OAuth, one after the other,
 * with Envoy and valetkey before them. The suite starts this once, as a process, with the address
 * of a server that was made for the occasion.
 */
final class Workload {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ALONE = "ALONE";

  private Workload() {}

  /**
   * A command line of one word for the suite.
   *
   * @param folder for the command and for what it writes
   * @param scenario null: the agent calls the server directly
   */
  static String command(Path folder, @Nullable Scenario scenario) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String script =
        """
        #!/bin/sh
        cd '%s' && exec '%s' -XX:TieredStopAtLevel=1 -cp '%s' %s '%s' %s "$@"
        """
            .formatted(
                Repository.root(),
                java,
                System.getProperty("java.class.path"),
                Workload.class.getName(),
                folder,
                scenario == null ? ALONE : scenario);
    Path file = folder.resolve("workload");
    Files.writeString(file, script, UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file.toString();
  }

  /** Arguments: a folder, the scenario, the server. Ends with the agents' status. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    URI server = URI.create(arguments[2]);
    System.exit(
        arguments[1].equals(ALONE)
            ? agents(folder, server, null)
            : guided(folder, Scenario.valueOf(arguments[1]), server));
  }

  private static int guided(Path folder, Scenario scenario, URI server) {
    Offer offer = Offer.of(server, environment("MCP_CONFORMANCE_CONTEXT", "{}"));
    String user = scenario.userToken(offer);
    try (LoopbackServer keys = LoopbackServer.bind(0, null)) {
      keys.serve(request -> Reply.json(user == null ? Map.of() : SignersKey.jwks(user)));
      String sections = scenario.sections(offer, keys.url("/jwks"));
      try (Gateway gateway = Gateway.start(folder, scenario.secrets(offer), sections)) {
        URI envoy = URI.create("http://localhost:" + gateway.port() + server.getPath());
        int status = agents(folder, envoy, user);
        System.err.println(gateway.writings());
        return status;
      }
    }
  }

  private static int agents(Path folder, URI url, @Nullable String user) {
    Suite suite = Suite.find();
    boolean stateless = environment("MCP_CONFORMANCE_PROTOCOL_VERSION", "").compareTo("2026") > 0;
    List<String> command = suite.script("agent.mjs", url.toString(), stateless ? "auto" : "legacy");
    Map<String, String> environment = new HashMap<>(suite.environment());
    if (user != null) {
      environment.put("AGENT_TOKEN", user);
    }
    try (Child agents = Child.start("agents", folder, environment, command)) {
      int status = agents.awaitExit(PATIENCE);
      System.err.println(agents.out() + agents.err());
      return status;
    }
  }

  private static String environment(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : value;
  }
}
