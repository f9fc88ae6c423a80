package dev.valetkey.e2e;

import static java.util.Objects.requireNonNull;

import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Client;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything beside an agent, on loopback and in one temporary folder: issuer, MCP servers,
 * valetkey as a process, Envoy. {@link #close} first searches all that was written, sent and
 * answered for secrets. Used by one test class.
 */
final class Pod implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(90);

  private final PodFile file;
  private final Path folder;
  private final int envoyPort = Ports.free();
  private final int adminPort = Ports.free();
  private final Issuer issuer;
  private final Issuer partner;
  private final Map<String, McpServer> servers = new LinkedHashMap<>();
  private final Recorder evil = Recorder.start();
  private final Agent agent = new Agent(envoyPort);
  private final LeakSearch leaks = new LeakSearch(this);
  private final List<Child> sidecars = new ArrayList<>();
  private EnvoyProcess envoy;

  private Pod(PodFile file, Path folder) {
    this.file = file;
    this.folder = folder;
    this.issuer = Issuer.start(file.issuer());
    this.partner =
        Issuer.start(
            IssuerOptions.defaults()
                .withPath("/realms/partner")
                .withClients(Client.basic("agent-at-partner", PodFile.PARTNER_SECRET)));
    partner.trust(issuer);
    file.servers().forEach((name, server) -> servers.put(name, startServer(name, server)));
  }

  static Pod start(PodFile file) {
    try {
      Pod pod = new Pod(file, Files.createTempDirectory("valetkey-e2e-"));
      try {
        pod.run();
        return pod;
      } catch (AssertionError | RuntimeException failed) {
        pod.stop();
        throw failed;
      }
    } catch (IOException noFolder) {
      throw new UncheckedIOException(noFolder);
    }
  }

  static String host(String server) {
    return server + ".example";
  }

  Issuer issuer() {
    return issuer;
  }

  /** The second issuer; only of use with {@link PodFile#partner}. */
  Issuer partner() {
    return partner;
  }

  /** Every token that was issued for a server. */
  List<String> issuedTokens() {
    return Stream.of(issuer, partner).flatMap(i -> i.issuedTokens().stream()).toList();
  }

  McpServer server(String name) {
    return requireNonNull(servers.get(name), name);
  }

  Map<String, McpServer> servers() {
    return servers;
  }

  /** A server that nobody should talk to. */
  Recorder evil() {
    return evil;
  }

  Agent agent() {
    return agent;
  }

  LeakSearch leaks() {
    return leaks;
  }

  EnvoyProcess envoy() {
    return envoy;
  }

  /** The sidecar that was started last. */
  Child sidecar() {
    return sidecars.getLast();
  }

  /** Every sidecar that ran, oldest first. */
  List<Child> sidecars() {
    return sidecars;
  }

  Path folder() {
    return folder;
  }

  Path adminSocket() {
    return folder.resolve("admin.sock");
  }

  Http.Response metrics() {
    return Http.get(admin("/metrics"));
  }

  /** One sample of {@code /metrics}, named with its labels; 0 when it is absent. */
  double metric(String sample) {
    return metrics()
        .text()
        .lines()
        .filter(line -> line.startsWith(sample + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  URI admin(String path) {
    return URI.create("http://127.0.0.1:" + adminPort + path);
  }

  /** Changes valetkey.yaml as one rename. */
  void rewrite(UnaryOperator<String> change) {
    try {
      write("valetkey.yaml", change.apply(Files.readString(folder.resolve("valetkey.yaml"))));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Writes a file of the pod's folder, whole at once. */
  void write(String name, String text) {
    Path target = folder.resolve(name);
    Path fresh = folder.resolve(name + ".fresh");
    try {
      Files.createDirectories(target.getParent());
      Files.writeString(fresh, text);
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException cannotWrite) {
      throw new UncheckedIOException(cannotWrite);
    }
  }

  /** One more valetkey on the same file and sockets; it is not waited for. */
  Child startSidecar() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
            "@" + Repository.root().resolve("server/src/main/launcher/jvm.options"),
            "-Djdk.net.hosts.file=" + folder.resolve("hosts"),
            "-jar",
            jar().toString(),
            "serve",
            folder.resolve("valetkey.yaml").toString());
    Child child =
        Child.start(
            "valetkey-" + sidecars.size(),
            folder,
            Map.of("VALETKEY_LOG_LEVEL", file.logLevel()),
            command);
    sidecars.add(child);
    return child;
  }

  /** Runs a command of the jar to its end and gives what it printed. */
  String command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-jar", jar().toString()));
    command.addAll(List.of(arguments));
    return leaks.keep("valetkey " + arguments[0], Child.run(PATIENCE, Map.of(), command));
  }

  /** Waits until {@code /readyz} says yes and Envoy knows it. */
  void awaitReady() {
    sidecar().await(PATIENCE, "readiness", this::isReady);
    awaitHealth(1);
  }

  /** Waits until Envoy sees this many healthy sidecars: 0 or 1. */
  void awaitHealth(int healthy) {
    if (envoy.stats("cluster.valetkey.health_check.").isEmpty()) {
      // Envoy Gateway checks no health: its Envoy learns of a sidecar by asking.
      Poll.until(PATIENCE, "an answer or none", () -> isAnswered() == (healthy > 0));
      return;
    }
    Poll.until(
        PATIENCE,
        "Envoy to see " + healthy + " sidecar",
        () -> envoy.stat("cluster.valetkey.membership_healthy") == healthy);
    // Envoy's worker learns it a moment later than its statistics.
    Poll.until(
        PATIENCE, "a worker to see " + healthy + " sidecar", () -> isAnswered() == (healthy > 0));
  }

  /** Searches for leaks, then ends everything; what leaked fails the test class. */
  @Override
  public void close() {
    try {
      leaks.search();
    } finally {
      stop();
    }
  }

  private void run() {
    Map<String, Integer> ports = new LinkedHashMap<>();
    servers.forEach((name, server) -> ports.put(name, server.port()));
    write(
        "valetkey.yaml", file.yaml(issuer.issuer(), partner.issuer(), envoyPort, adminPort, ports));
    Stream<String> hosts =
        Stream.concat(Stream.of("localhost"), servers.keySet().stream().map(Pod::host));
    write("hosts", hosts.map(host -> "127.0.0.1 " + host + "\n").collect(Collectors.joining()));
    write("secrets/corp", Issuer.AGENT_SECRET + "\n");
    write("secrets/partner", PodFile.PARTNER_SECRET);
    write("secrets/static", LeakSearch.STATIC_SECRET + "\n");
    startSidecar();
    envoy = EnvoyProcess.start(bootstrap(), folder);
    awaitReady();
  }

  /** What Envoy was started with. */
  String bootstrap() {
    return switch (ConfigReader.read(folder.resolve("valetkey.yaml"))) {
      case ReadResult.Loaded good -> file.bootstrap().apply(good.config());
      case ReadResult.Problems bad -> throw new AssertionError(bad.problems().toString());
    };
  }

  private boolean isReady() {
    try {
      return Http.get(admin("/readyz")).status() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  private boolean isAnswered() {
    return agent.post("nowhere.example", "/", null, "").status() != 503;
  }

  private McpServer startServer(String name, PodFile.Server server) {
    McpServer.Options options = McpServer.Options.open(name);
    return McpServer.start(
        server
            .options()
            .apply(
                server.audience() == null
                    ? options
                    : options
                        .withAudience(server.audience())
                        .withGenuine(
                            token -> issuer.hasSigned(token) || partner.hasSigned(token))));
  }

  private static Path jar() {
    String named = System.getProperty("valetkey.jar");
    return named != null ? Path.of(named) : Repository.root().resolve("server/target/valetkey.jar");
  }

  private void stop() {
    if (envoy != null) {
      envoy.close();
    }
    sidecars.forEach(Child::close);
    servers.values().forEach(McpServer::close);
    issuer.close();
    partner.close();
    evil.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException left) {
      throw new UncheckedIOException(left);
    }
  }
}
