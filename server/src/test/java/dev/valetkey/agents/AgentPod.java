package dev.valetkey.agents;

import static java.net.URLEncoder.encode;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An agent with Envoy and valetkey on both sides of it, an issuer, and two MCP servers, {@code
 * github} and {@code jira}, all on loopback. Users call the agent through Envoy, and the agent
 * calls servers through Envoy. {@link #close} searches for what must not be where it is.
 */
final class AgentPod implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Path folder;
  private final int outbound = Ports.free();
  private final int inbound = Ports.free();
  private final int agentPort = Ports.free();
  private final int adminPort = Ports.free();
  private final Issuer issuer = Issuer.start();
  private final McpServer github = server("github");
  private final McpServer jira = server("jira");
  private final Child agent;
  private final Child sidecar;
  private final EnvoyProcess envoy;

  /**
   * Starts everything.
   *
   * @param sections of valetkey.yaml: {@code inbound}, {@code user_token}
   */
  static AgentPod start(Language language, Telemetry telemetry, Path folder, String sections) {
    try {
      return new AgentPod(language, telemetry, Files.createDirectories(folder), sections);
    } catch (IOException noFolder) {
      throw new UncheckedIOException(noFolder);
    }
  }

  private AgentPod(Language language, Telemetry telemetry, Path folder, String sections) {
    this.folder = folder;
    this.agent = started(language, telemetry);
    write("secrets/agent", Issuer.AGENT_SECRET);
    write("valetkey.yaml", yaml(sections));
    List<String> serve =
        List.of(
            Repository.root().resolve("bin/valetkey").toString(),
            "serve",
            folder.resolve("valetkey.yaml").toString());
    this.sidecar = Child.start("valetkey", folder, Map.of(), serve);
    EnvoyProcess started = null;
    try {
      started = EnvoyProcess.start(bootstrap(), folder);
      EnvoyProcess ready = started;
      agent.await(PATIENCE, "health", () -> isUp(agentPort));
      sidecar.await(PATIENCE, "readiness", () -> isWell(adminPort, "/readyz"));
      Poll.until(
          PATIENCE,
          "Envoy to see the sidecar",
          () -> ready.stat("cluster.valetkey.membership_healthy") == 1);
    } catch (AssertionError | RuntimeException notUp) {
      if (started != null) {
        started.close();
      }
      stop();
      throw notUp;
    }
    this.envoy = started;
  }

  Issuer issuer() {
    return issuer;
  }

  McpServer github() {
    return github;
  }

  McpServer jira() {
    return jira;
  }

  /** A user with a token of five minutes. */
  User user(String name) {
    return new User(name, issuer.userToken(name), List.of());
  }

  /** Asks the agent, which calls github in this way; the question arrives there. */
  Answer ask(User user, String way, String question) {
    return ask(user, way, question, "/mcp");
  }

  /** The same with another server behind the outbound listener. */
  Answer ask(User user, String way, String question, String path) {
    String query =
        "?server=%s&question=%s"
            .formatted(
                encode("http://localhost:" + outbound + path, UTF_8), encode(question, UTF_8));
    return Answer.of(request(user, "POST", "/ask/" + way + query));
  }

  /** Any call of the agent. */
  Http.Response request(User user, String method, String target) {
    URI uri = URI.create("http://127.0.0.1:" + inbound + target);
    return Http.request(method, uri, null, new byte[0], user.sent());
  }

  /** Every request for this path, or for what lies below it, that has reached the agent. */
  List<Heard> heard(String path) {
    return agent
        .out()
        .lines()
        .filter(line -> line.startsWith("{"))
        .map(Heard::of)
        .filter(request -> request.path().startsWith(path))
        .toList();
  }

  /** What the agent could send by itself: a call of github with these headers. */
  Http.Response callAsAgent(String... headers) {
    return callAsAgentAt("localhost", headers);
  }

  /** The same with any host. */
  Http.Response callAsAgentAt(String host, String... headers) {
    String call =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"}}";
    List<String> all = new ArrayList<>(List.of(headers));
    all.addAll(List.of("Host", host));
    URI uri = URI.create("http://127.0.0.1:" + outbound + "/mcp");
    return Http.post(uri, "application/json", call, all.toArray(String[]::new));
  }

  /** The issuer says that this user has signed out everywhere. */
  void signOut(String user) {
    String token = issuer.logout().claim("sub", user).signed();
    URI page = URI.create("http://127.0.0.1:" + adminPort + "/backchannel-logout");
    assertThat(Http.post(page, Form.of("logout_token", token)).status()).isEqualTo(200);
  }

  @Override
  public void close() {
    envoy.close();
    stop();
    Leaks users = new Leaks().secrets("user token", issuer.userTokens());
    for (McpServer server : List.of(github, jira)) {
      users.assertNoneIn("what a server was sent", server.requests().wireText());
    }
    Leaks all = users.secrets("issued token", issuer.issuedTokens());
    all.secret("client secret", Issuer.AGENT_SECRET);
    all.assertNoneIn("what valetkey wrote", sidecar.out() + sidecar.err());
    all.assertNoneIn("what Envoy wrote", envoy.log());
  }

  private void stop() {
    sidecar.close();
    agent.close();
    github.close();
    jira.close();
    issuer.close();
  }

  private Child started(Language language, Telemetry telemetry) {
    try {
      return language.start(folder, agentPort, telemetry);
    } catch (IllegalStateException cannotRun) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannotRun;
      }
      return abort(language + " cannot run here: " + cannotRun.getMessage());
    }
  }

  private McpServer server(String name) {
    return McpServer.start(
        McpServer.Options.open(name).withAudience(name + "-mcp").withGenuine(issuer::hasSigned));
  }

  private String yaml(String sections) {
    return """
    listen: {socket: authz.sock}
    envoy: {listen: "127.0.0.1:%d", admin_socket: envoy-admin.sock, inbound_listen: "127.0.0.1:%d", agent: "127.0.0.1:%d"}
    admin: {socket: admin.sock, address: "127.0.0.1:%d"}
    %s
    issuers:
      corp: {issuer: "%s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
    users:
      - {issuer: corp, backchannel_logout: true}
    servers:
      github: {url: "http://localhost/mcp", allow_http: true, upstream: {address: "127.0.0.1:%d"}, grant: {audience: github-mcp}}
      jira: {url: "http://localhost/jira", allow_http: true, upstream: {address: "127.0.0.1:%d"}, grant: {audience: jira-mcp}}
    """
        .formatted(
            outbound,
            inbound,
            agentPort,
            adminPort,
            sections.strip(),
            issuer.issuer(),
            github.port(),
            jira.port());
  }

  private String bootstrap() {
    return switch (ConfigReader.read(folder.resolve("valetkey.yaml"))) {
      case ReadResult.Loaded good -> GatewayBootstrap.print(good.config());
      case ReadResult.Problems bad -> throw new AssertionError(bad.problems().toString());
    };
  }

  private static boolean isWell(int port, String path) {
    try {
      return Http.get(URI.create("http://127.0.0.1:" + port + path)).status() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  private static boolean isUp(int port) {
    try (Socket _ = new Socket("127.0.0.1", port)) {
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private void write(String name, String text) {
    try {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException cannotWrite) {
      throw new UncheckedIOException(cannotWrite);
    }
  }
}
