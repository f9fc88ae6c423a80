package dev.valetkey.testkit.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.PodNetwork;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.Repository;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What runs in the invisible story. In a network namespace: an instrumented agent, valetkey and
 * Envoy, each under its own uid, and the ruleset that captures the agent's connections. At the
 * other end of its cable: issuer, MCP servers and the agent's language model. {@link #close} leaves
 * nothing behind, also when it comes from another thread or after a failed start.
 */
final class Pod implements AutoCloseable {
  static final int ENVOY = 1337;
  static final int VALETKEY = 1338;
  static final int AGENT = 1000;
  static final List<String> SERVERS = List.of("github", "jira");
  static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final int ADMIN_PORT = 9464;
  private static final Path SCRIPT = Repository.root().resolve("bin/valetkey");

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Map<String, McpServer> servers = new LinkedHashMap<>();
  private final PodFolder folder;
  private final PodNetwork network;
  private final OwnIssuer signIn;
  private final Recorder model;
  private @Nullable Child valetkey;
  private @Nullable InstrumentedAgent agent;
  private boolean closed;

  /** An empty pod with its network, an issuer and a language model. */
  Pod() {
    this.folder = keep(PodFolder.create());
    try {
      this.network = keep(PodNetwork.create(Map.of()));
      this.signIn = keep(OwnIssuer.start(network.outside()));
      this.model = keep(Recorder.start(network.stranger(), 0, null));
    } catch (RuntimeException | AssertionError failed) {
      close();
      throw failed;
    }
  }

  /** Starts everything; fails with the end of the log of what did not come up. */
  void build() {
    startServers();
    Path config = folder.secret("etc/valetkey.yaml", config(), VALETKEY);
    signIn
        .secrets()
        .forEach((name, secret) -> folder.secret("etc/secrets/" + name, secret, VALETKEY));
    String bootstrap = printed("envoy", "--layout", "capture", config.toString());
    Path rules = folder.write("etc/ruleset.nft", printed("nft", config.toString()));
    network.load(rules);

    folder.socketFolder("run", VALETKEY, ENVOY);
    Child started = keep(startValetkey(config));
    valetkey = started;
    started.await(PATIENCE, "readiness", () -> isOk(ADMIN_PORT, "/readyz"));
    EnvoyProcess envoy =
        keep(
            EnvoyProcess.start(
                bootstrap,
                folder.directory("envoy", ENVOY),
                folder.program(EnvoyProcess.program(), "envoy"),
                1,
                command -> network.as(ENVOY, ENVOY, command)));
    Poll.until(
        PATIENCE,
        "Envoy to see valetkey",
        () -> envoy.stat("cluster.valetkey.membership_healthy") == 1);
    InstrumentedAgent last =
        keep(InstrumentedAgent.start(network, folder.directory("agent", 0), model.url("/v1/chat")));
    agent = last;
    last.process().await(PATIENCE, "health", () -> isOk(InstrumentedAgent.PORT, "/healthz"));
  }

  OwnIssuer signIn() {
    return signIn;
  }

  McpServer server(String name) {
    return requireNonNull(servers.get(name));
  }

  /** The agent's language model, which is no MCP server. */
  Recorder model() {
    return model;
  }

  InstrumentedAgent agent() {
    return requireNonNull(agent);
  }

  /** A user's call of the agent. */
  Http.Response ask(String path, @Nullable String token) {
    List<String> headers =
        token == null
            ? List.of("Baggage", "tenant=acme")
            : List.of("Authorization", "Bearer " + token, "Baggage", "tenant=acme");
    URI uri = URI.create("http://" + network.pod() + ":" + InstrumentedAgent.PORT + path);
    return Http.request("POST", uri, null, new byte[0], headers.toArray(String[]::new));
  }

  /** Runs a program in the pod under a uid and a gid, and gives what it printed. */
  String run(int uid, int gid, String... command) {
    return Child.run(PATIENCE, Map.of(), network.as(uid, gid, List.of(command))).strip();
  }

  Path socket() {
    return folder.path("run/authz.sock");
  }

  Path envoyAdmin() {
    return folder.path("envoy/admin.sock");
  }

  /** What valetkey logged so far. */
  String log() {
    return requireNonNull(valetkey).err();
  }

  /** All that valetkey and Envoy wrote, and valetkey's metrics. */
  Map<String, String> writings() {
    Map<String, String> writings = new LinkedHashMap<>();
    for (String name : List.of("etc/valetkey.out", "etc/valetkey.err", "envoy/envoy.err")) {
      writings.put(name, read(folder.path(name)));
    }
    writings.put("metrics", Http.get(admin(ADMIN_PORT, "/metrics")).text());
    return writings;
  }

  /** The last lines of what each program logged, for those who look for what went wrong. */
  String logTails() {
    StringBuilder tails = new StringBuilder();
    for (String name : List.of("etc/valetkey.err", "etc/valetkey.out", "envoy/envoy.err")) {
      List<String> lines = read(folder.path(name)).lines().toList();
      tails.append("-- " + name + ", its last lines:\n");
      lines
          .subList(Math.max(0, lines.size() - 12), lines.size())
          .forEach(line -> tails.append(line + "\n"));
    }
    return tails + "-- the agent:\n" + agent().process().err();
  }

  /** Whether nothing of it is left. The command lines of its processes all name its folder. */
  boolean isGone() {
    String name = folder.path("").toString();
    return !Files.exists(folder.path(""))
        && !network.exists()
        && ProcessHandle.allProcesses()
            .map(process -> process.info().commandLine().orElse(""))
            .noneMatch(line -> line.contains(name));
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    while (!parts.isEmpty()) {
      end(parts.pop());
    }
  }

  private void startServers() {
    TestCa ca = TestCa.create(folder.directory("ca", 0));
    for (String name : SERVERS) {
      McpServer.Options options =
          McpServer.Options.open(name)
              .withAddress(network.outside())
              .withTls(ca.issue("dns:" + Stage.host(name)));
      servers.put(name, keep(McpServer.start(signIn.demanding(options, name + "-mcp"))));
      network.name(Stage.host(name), network.outside());
    }
  }

  private Child startValetkey(Path config) {
    Path jar =
        folder.program(Repository.root().resolve("server/target/valetkey.jar"), "valetkey.jar");
    Path options =
        folder.program(
            Repository.root().resolve("server/src/main/launcher/jvm.options"), "jvm.options");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "@" + options,
            "-jar",
            jar.toString(),
            "serve",
            config.toString());
    return Child.start(
        "valetkey", folder.path("etc"), Map.of(), network.as(VALETKEY, VALETKEY, command));
  }

  private String config() {
    StringBuilder yaml = new StringBuilder();
    yaml.append(
        """
        # Written by bin/demo --invisible.
        listen: {socket: %s, allowed_uids: [%d]}
        envoy: {admin_socket: %s}
        admin: {socket: admin.sock, address: "0.0.0.0:%d"}
        inbound: {user_token: handle, exempt_paths: [/healthz]}
        """
            .formatted(socket(), ENVOY, envoyAdmin(), ADMIN_PORT));
    yaml.append(signIn.config());
    yaml.append("servers:\n");
    servers.forEach((name, server) ->
        yaml.append(
            """
              %1$s:
                url: https://%2$s/mcp
                upstream: {address: "%3$s:%4$d", tls: {ca_file: %5$s, server_name: %2$s}}
                %6$s
            """
                .formatted(
                    name,
                    Stage.host(name),
                    network.outside().getHostAddress(),
                    server.port(),
                    folder.path("ca/ca.pem"),
                    signIn.grant(name))));
    return yaml.toString();
  }

  private static String printed(String... arguments) {
    return Child.run(Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
  }

  private boolean isOk(int port, String path) {
    try {
      return Http.get(admin(port, path)).status() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  private URI admin(int port, String path) {
    return URI.create("http://" + network.pod() + ":" + port + path);
  }

  /** A part that comes up while the pod is being closed ends at once. */
  private <T extends AutoCloseable> T keep(T part) {
    synchronized (this) {
      if (!closed) {
        parts.push(part);
        return part;
      }
    }
    end(part);
    return part;
  }

  private static void end(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception endTheOthersNevertheless) {
      System.err.println(endTheOthersNevertheless.getMessage());
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
