package dev.valetkey.capture;

import dev.valetkey.cli.bootstrap.NftRuleset;
import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.PodAgent;
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
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A pod in a network namespace: valetkey as uid 1338, Envoy as 1337, the agent as 1000, and the
 * ruleset. Issuer, servers and strangers are outside, at the other end of its cable. The server is
 * {@code https://mcp.example.com/mcp}, pinned to a port that its name says nothing about.
 */
final class CapturedPod implements AutoCloseable {
  static final int ENVOY = 1337;
  static final int VALETKEY = 1338;
  static final int AGENT = 1000;
  static final String HOST = "mcp.example.com";

  /** Stands in for port 25: this machine's own may be taken. */
  static final int SERVER_FIRST_PORT = 2525;

  private static final int ADMIN_PORT = 9464;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path folder;
  private final PodNetwork network;
  private final Issuer issuer;
  private final McpServer server;
  private final McpServer serverInClear;
  private final Recorder stranger;
  private final Recorder strangerV6;
  private final Recorder strangerTls;
  private final TestCa ca;
  private final List<PodAgent> agents = new ArrayList<>();
  private final Function<Config, String> layout;
  private final String envoyKeys;
  private final String inbound;
  private final String more;
  private Child sidecar;
  private EnvoyProcess envoy;
  private Child app;

  private CapturedPod(
      Path folder, Function<Config, String> layout, String envoyKeys, String inbound, String more) {
    this.folder = folder;
    this.layout = layout;
    this.envoyKeys = envoyKeys;
    this.inbound = inbound;
    this.more = more;
    this.network = PodNetwork.create(Map.of());
    this.ca = TestCa.create(directory(folder.resolve("ca"), 0));
    this.issuer = Issuer.start(IssuerOptions.defaults().withAddress(network.outside()));
    McpServer.Options demanding =
        McpServer.Options.open("mcp")
            .withAddress(network.outside())
            .withAudience("mcp")
            .withGenuine(issuer::hasSigned);
    this.server = McpServer.start(demanding.withTls(ca.issue("dns:" + HOST)));
    this.serverInClear = McpServer.start(demanding);
    this.stranger = Recorder.start(network.stranger(), 0, null);
    this.strangerV6 = Recorder.start(network.strangerV6(), 0, null);
    this.strangerTls =
        Recorder.start(network.stranger(), 0, ca.issue("dns:other.example", "dns:" + HOST));
  }

  static CapturedPod start(Function<Config, String> layout, String envoyKeys) {
    return start(layout, envoyKeys, "");
  }

  /**
   * @param envoyKeys of the file's section {@code envoy}, each after a comma
   * @param more lines at the file's end: further servers, then further sections; {@code FOLDER},
   *     {@code OUTSIDE} and {@code PORT} in them are the pod's folder and where the server listens
   */
  static CapturedPod start(Function<Config, String> layout, String envoyKeys, String more) {
    return start(layout, envoyKeys, "{}", more);
  }

  /** The same with the section {@code inbound}. */
  static CapturedPod start(
      Function<Config, String> layout, String envoyKeys, String inbound, String more) {
    try {
      Path folder = Files.createTempDirectory("valetkey-captured-");
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      CapturedPod pod = new CapturedPod(folder, layout, envoyKeys, inbound, more);
      try {
        pod.run();
        return pod;
      } catch (IOException | RuntimeException | AssertionError failed) {
        pod.close();
        throw failed;
      }
    } catch (IOException noFolder) {
      throw new UncheckedIOException(noFolder);
    }
  }

  PodNetwork network() {
    return network;
  }

  Issuer issuer() {
    return issuer;
  }

  /** Reached by TLS. */
  McpServer server() {
    return server;
  }

  /** {@code http://clear.example:8080/mcp}. */
  McpServer serverInClear() {
    return serverInClear;
  }

  Recorder stranger() {
    return stranger;
  }

  Recorder strangerV6() {
    return strangerV6;
  }

  /** Somebody else's TLS, with a certificate that would do for the server as well. */
  Recorder strangerTls() {
    return strangerTls;
  }

  TestCa ca() {
    return ca;
  }

  EnvoyProcess envoy() {
    return envoy;
  }

  Child sidecar() {
    return sidecar;
  }

  /** The agent's, if the pod opens TLS. */
  Path trustFolder() {
    return folder.resolve("trust");
  }

  /** What the platform sets in the agent's environment, so that it trusts what is shown to it. */
  Map<String, String> trustVariables() throws IOException {
    Map<String, String> variables = new TreeMap<>();
    for (String line : Files.readAllLines(trustFolder().resolve("env"))) {
      variables.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
    }
    return variables;
  }

  /** The configuration file, which the sidecar watches. */
  Path file() {
    return folder.resolve("etc/valetkey.yaml");
  }

  Path socketFolder() {
    return folder.resolve("run");
  }

  /** The agent, or another process of the pod. It ends with the pod. */
  PodAgent agent(String name, UnaryOperator<List<String>> as) {
    PodAgent agent = PodAgent.start(network, folder, as, name);
    agents.add(agent);
    return agent;
  }

  PodAgent agent() {
    return agent("agent", command -> network.as(AGENT, AGENT, command));
  }

  /** Runs a program as the agent and gives what it printed; fails when it fails. */
  String run(String... command) {
    return Child.run(PATIENCE, Map.of(), network.as(AGENT, AGENT, List.of(command)));
  }

  /** The same with a further group. */
  String runWithGroup(int group, String... command) {
    return Child.run(PATIENCE, Map.of(), network.as(AGENT, group, List.of(command)));
  }

  /** Does something while the pod has no rules, and loads them again. */
  void withoutRules(Runnable something) {
    network.flush();
    try {
      something.run();
    } finally {
      network.load(folder.resolve("ruleset.nft"));
    }
  }

  /** The agent's own server, where users call it: it has the file {@code healthz}. */
  void serveUsers() throws IOException {
    Path site = directory(folder.resolve("site"), 0);
    Files.writeString(site.resolve("healthz"), "well");
    Files.writeString(site.resolve("hello"), "hello");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "-m",
            "jdk.httpserver",
            "-b",
            "127.0.0.1",
            "-p",
            "8080",
            "-d",
            site.toString());
    app = Child.start("app", folder, Map.of(), network.as(AGENT, AGENT, command));
    app.awaitOut("8080", PATIENCE);
  }

  /**
   * Starts a program as the agent, where users call it.
   *
   * @param files what it needs, copied to where the agent may read; it is started there
   */
  Child serveUsers(List<Path> files, Map<String, String> environment, List<String> command) {
    Path home = directory(folder.resolve("home"), AGENT);
    files.forEach(file -> Child.run(List.of("cp", "-r", file.toString(), home.toString())));
    app = Child.start("app", home, environment, network.as(AGENT, AGENT, command));
    return app;
  }

  void stopEnvoy() {
    envoy.close();
  }

  void startEnvoy() {
    Path home = folder.resolve("envoy");
    envoy =
        EnvoyProcess.start(
            layout.apply(config()),
            home,
            folder.resolve("bin/envoy"),
            1,
            command -> network.as(ENVOY, ENVOY, command));
    Poll.until(
        PATIENCE,
        "Envoy to see the sidecar",
        () -> envoy.stat("cluster.valetkey.membership_healthy") == 1);
  }

  @Override
  public void close() {
    agents.forEach(PodAgent::close);
    if (app != null) {
      app.close();
    }
    if (envoy != null) {
      envoy.close();
    }
    if (sidecar != null) {
      sidecar.close();
    }
    server.close();
    serverInClear.close();
    issuer.close();
    stranger.close();
    strangerV6.close();
    strangerTls.close();
    network.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      throw new UncheckedIOException(left);
    }
  }

  private void run() throws IOException {
    directory(folder.resolve("envoy"), ENVOY);
    directory(folder.resolve("etc"), VALETKEY);
    directory(folder.resolve("trust"), VALETKEY);
    network.name(HOST, network.stranger());
    Path run = directory(folder.resolve("run"), VALETKEY);
    Child.run(List.of("chgrp", String.valueOf(ENVOY), run.toString()));
    Child.run(List.of("chmod", "2770", run.toString()));
    program(EnvoyProcess.program(), "envoy");
    program(jar(), "valetkey.jar");
    program(Repository.root().resolve("server/src/main/launcher/jvm.options"), "jvm.options");
    Files.writeString(folder.resolve("etc/secret"), Issuer.AGENT_SECRET);
    Files.writeString(folder.resolve("etc/valetkey.yaml"), yaml());
    Path rules = Files.writeString(folder.resolve("ruleset.nft"), NftRuleset.print(config()));
    network.load(rules);
    startSidecar();
    startEnvoy();
  }

  private void startSidecar() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "@" + folder.resolve("bin/jvm.options"),
            "-jar",
            folder.resolve("bin/valetkey.jar").toString(),
            "serve",
            folder.resolve("etc/valetkey.yaml").toString());
    sidecar =
        Child.start(
            "valetkey",
            folder,
            Map.of("VALETKEY_LOG_LEVEL", "DEBUG"),
            network.as(VALETKEY, VALETKEY, command));
    sidecar.await(PATIENCE, "readiness", this::isReady);
  }

  private boolean isReady() {
    try {
      return Http.get(URI.create("http://" + network.pod() + ":" + ADMIN_PORT + "/readyz")).status()
          == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  private Config config() {
    return switch (ConfigReader.read(folder.resolve("etc/valetkey.yaml"))) {
      case ReadResult.Loaded good -> good.config();
      case ReadResult.Problems bad -> throw new AssertionError(bad.problems().toString());
    };
  }

  private String yaml() {
    return """
    listen: {socket: %1$s/run/authz.sock, allowed_uids: [%2$d]}
    envoy: {admin_socket: %1$s/envoy/admin.sock, server_first_ports: [%3$d]%4$s}
    admin: {address: "0.0.0.0:%5$d", socket: %1$s/etc/admin.sock}
    inbound: %11$s
    issuers:
      corp: {issuer: "%6$s", allow_http: true, client_id: agent, client_secret_file: secret}
    servers:
      mcp:
        url: https://%7$s/mcp
        upstream: {address: "%8$s:%9$d", tls: {ca_file: %1$s/ca/ca.pem, server_name: %7$s}}
        grant: {audience: mcp, scope: read}
      clear:
        url: http://clear.example:8080/mcp
        allow_http: true
        upstream: {address: "%8$s:%10$d"}
        grant: {audience: mcp, scope: read}
    %12$s\
    """
        .formatted(
            folder,
            ENVOY,
            SERVER_FIRST_PORT,
            envoyKeys,
            ADMIN_PORT,
            issuer.issuer(),
            HOST,
            network.outside().getHostAddress(),
            server.port(),
            serverInClear.port(),
            inbound,
            more.replace("FOLDER", folder.toString())
                .replace("OUTSIDE", network.outside().getHostAddress())
                .replace("PORT", String.valueOf(server.port())));
  }

  private void program(Path from, String name) throws IOException {
    Path to = directory(folder.resolve("bin"), 0).resolve(name);
    Files.copy(from, to);
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path jar() {
    String named = System.getProperty("valetkey.jar");
    return named != null ? Path.of(named) : Repository.root().resolve("server/target/valetkey.jar");
  }

  private static Path directory(Path path, int owner) {
    try {
      Files.createDirectories(path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.setAttribute(path, "unix:uid", owner);
      Files.setAttribute(path, "unix:gid", owner);
      return path;
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }
}
