package dev.valetkey.testkit.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Ports;
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
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/**
 * Everything that runs during the demo, on loopback and in one temporary folder. {@link #close}
 * leaves nothing behind, also when it comes from another thread or after a failed start.
 */
final class Stage implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(2);
  private static final List<String> SERVERS = List.of("github", "jira", "weather");

  private final SignIn signIn;
  private final Path folder;
  private final Path valetkeyScript = Repository.root().resolve("bin/valetkey");
  private final int egressPort = Ports.free();
  private final int adminPort = Ports.free();
  private final Map<String, McpServer> servers = new LinkedHashMap<>();
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private boolean closed;

  private Stage(SignIn signIn, Path folder) {
    this.signIn = signIn;
    this.folder = folder;
  }

  /** An empty stage in a new folder; the sign-in belongs to it from now on. */
  static Stage empty(SignIn signIn) {
    try {
      Stage stage = new Stage(signIn, Files.createTempDirectory("valetkey-demo-"));
      stage.parts.push(signIn);
      return stage;
    } catch (IOException noFolder) {
      signIn.close();
      throw new UncheckedIOException(noFolder);
    }
  }

  /** Starts everything; fails with the end of the log of what did not come up. */
  void build() {
    TestCa ca = TestCa.create(folder);
    Map<String, Integer> ports = new LinkedHashMap<>();
    SERVERS.forEach(name -> ports.put(name, Ports.free()));
    write("valetkey.yaml", config(ports));
    signIn.secrets().forEach((name, secret) -> write("secrets/" + name, secret + "\n"));

    // Three programs start at once: keytool, the sidecar, and the printer of Envoy's bootstrap.
    CompletableFuture<Void> upstreams = CompletableFuture.runAsync(() -> startServers(ca, ports));
    CompletableFuture<String> bootstrap =
        CompletableFuture.supplyAsync(
            () -> Child.run(List.of(valetkeyScript.toString(), "envoy", configFile().toString())));
    Child valetkey = keep(startValetkey());
    valetkey.await(START, "readiness", this::isReady);
    join(upstreams);
    EnvoyProcess envoy = keep(EnvoyProcess.start(join(bootstrap), folder));
    // Envoy refuses every call until its own health check has found the sidecar.
    envoy
        .process()
        .await(
            START, "healthy sidecar", () -> envoy.stat("cluster.valetkey.membership_healthy") == 1);
  }

  Agent agent() {
    return new Agent(egressPort);
  }

  int egressPort() {
    return egressPort;
  }

  McpServer server(String name) {
    McpServer server = servers.get(name);
    if (server == null) {
      throw new IllegalArgumentException("no server " + name);
    }
    return server;
  }

  Map<String, McpServer> servers() {
    return servers;
  }

  static String host(String server) {
    return server + ".example";
  }

  /** A part that joins later and ends with the stage. */
  Recorder stranger() {
    return keep(Recorder.start());
  }

  Path folder() {
    return folder;
  }

  Path configFile() {
    return folder.resolve("valetkey.yaml");
  }

  Path valetkeyScript() {
    return valetkeyScript;
  }

  /** All that valetkey and Envoy wrote, and valetkey's metrics. */
  Map<String, String> writings() {
    Map<String, String> writings = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Stage::isLog).sorted().toList()) {
        writings.put(file.getFileName().toString(), Files.readString(file, UTF_8));
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    writings.put("metrics", Http.get(metrics()).text());
    return writings;
  }

  /** The last lines of what valetkey and Envoy logged, for those who look for what went wrong. */
  String logTails() {
    StringBuilder tails = new StringBuilder();
    for (String name : List.of("valetkey.err", "valetkey.out", "envoy.err")) {
      List<String> lines = read(name).lines().toList();
      tails.append("-- " + name + ", its last lines:\n");
      lines.stream()
          .skip(Math.max(0, lines.size() - 12))
          .forEach(line -> tails.append(line + "\n"));
    }
    return tails.toString();
  }

  private String read(String name) {
    Path file = folder.resolve(name);
    try {
      return Files.exists(file) ? Files.readString(file, UTF_8) : "";
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** A file of the stage's folder, readable to its owner only. */
  void write(String name, String text) {
    try {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException cannotWrite) {
      throw new UncheckedIOException(cannotWrite);
    }
  }

  URI metrics() {
    return URI.create("http://127.0.0.1:" + adminPort + "/metrics");
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
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      System.err.println(folder + " could not be removed: " + left.getMessage());
    }
  }

  private String config(Map<String, Integer> ports) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("# Written by bin/demo.\n");
    yaml.append("listen: {socket: authz.sock}\n");
    yaml.append(
        "envoy: {listen: \"127.0.0.1:" + egressPort + "\", admin_socket: envoy-admin.sock}\n");
    yaml.append("admin: {socket: admin.sock, address: \"127.0.0.1:" + adminPort + "\"}\n");
    yaml.append(signIn.config());
    yaml.append("servers:\n");
    ports.forEach((name, port) -> {
      yaml.append("  " + name + ":\n");
      yaml.append("    url: https://" + host(name) + "/mcp\n");
      yaml.append(
          "    upstream: {address: \"127.0.0.1:"
              + port
              + "\", tls: {ca_file: ca.pem, server_name: "
              + host(name)
              + "}}\n");
      yaml.append("    " + signIn.grant(name) + "\n");
    });
    return yaml.toString();
  }

  private void startServers(TestCa ca, Map<String, Integer> ports) {
    Stream<String> names = Stream.concat(Stream.of("localhost"), SERVERS.stream().map(Stage::host));
    TestCa.Certificate certificate =
        ca.issue(names.map(name -> "dns:" + name).toArray(String[]::new));
    ports.forEach((name, port) -> startServer(name, port, certificate));
    // The first TLS handshake of a JVM is slow; it would be counted as the first call's time.
    URI one = URI.create("https://localhost:" + ports.get("weather"));
    Http.request("GET", one, ca.clientContext(), new byte[0]);
    server("weather").requests().clear();
  }

  private void startServer(String name, int port, TestCa.Certificate certificate) {
    McpServer.Options options = McpServer.Options.open(name).withPort(port).withTls(certificate);
    boolean open = name.equals("weather");
    McpServer server = McpServer.start(open ? options : signIn.demanding(options, name + "-mcp"));
    servers.put(name, keep(server));
  }

  private Child startValetkey() {
    return Child.start(
        "valetkey",
        folder,
        Map.of(),
        List.of(valetkeyScript.toString(), "serve", configFile().toString()));
  }

  private boolean isReady() {
    try {
      return Http.get(URI.create("http://127.0.0.1:" + adminPort + "/readyz")).status() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  /** A part that comes up while the stage is being closed ends at once. */
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

  private static boolean isLog(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".out") || name.endsWith(".err") || name.endsWith(".log");
  }

  private static <T> T join(CompletableFuture<T> task) {
    try {
      return task.join();
    } catch (CompletionException failed) {
      throw failed.getCause() instanceof RuntimeException why ? why : failed;
    }
  }
}
