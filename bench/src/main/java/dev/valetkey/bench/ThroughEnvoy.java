package dev.valetkey.bench;

import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.IssuerOptions;
import dev.valetkey.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an agent notices: calls from an agent through an Envoy to a server, with valetkey and
 * without it, in turns. Envoy and the sidecar share the first core, as in a small pod; agent and
 * server share the last one.
 */
final class ThroughEnvoy {
  private static final int WINDOW = 4_000;
  private static final int ROUNDS = 12;
  private static final int WARM_UP = 4;

  private static final int SERVER_PORT = Ports.free();
  private static final int ALONE_PORT = Ports.free();
  private static final int WITH_PORT = Ports.free();

  private static final String LISTENER =
      """
      admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
      static_resources:
        listeners:
        - address: {socket_address: {address: 127.0.0.1, port_value: %%d}}
          filter_chains:
          - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: bench
                generate_request_id: false
                http_filters: [{name: envoy.filters.http.router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router, suppress_envoy_headers: true}}]
                route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, %s}]}]}
      """;

  /** The server: as cheap as one can be. */
  private static final String ANSWERING =
      LISTENER.formatted(
          "direct_response: {status: 200, body: {inline_string: '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}'}}");

  private static final String ALONE =
      LISTENER.formatted("route: {cluster: server, timeout: 0s}")
          + """
            clusters:
            - name: server
              type: STATIC
              load_assignment: {cluster_name: server, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]}
          """;

  private ThroughEnvoy() {}

  static void run(Path folder) {
    try (Issuer issuer = Users.issuer(IssuerOptions.defaults());
        EnvoyProcess _ =
            EnvoyProcess.start(ANSWERING.formatted(SERVER_PORT), in(folder, "server"));
        EnvoyProcess alone =
            EnvoyProcess.start(ALONE.formatted(ALONE_PORT, SERVER_PORT), in(folder, "alone"))) {
      SidecarFolder sidecar = configured(in(folder, "with"), issuer);
      try (ServerProcess valetkey = ServerProcess.sidecar(sidecar, List.of()).awaitServing();
          EnvoyProcess with = EnvoyProcess.start(bootstrap(sidecar), sidecar.folder())) {
        Cores.moveToServer(alone.process().pid());
        Cores.moveToServer(with.process().pid());
        String user = issuer.userToken("alice");
        measure(
            new Way("Envoy alone", new AgentCalls(ALONE_PORT, user), alone, null),
            new Way("**Envoy and valetkey**", new AgentCalls(WITH_PORT, user), with, valetkey));
      }
    }
  }

  /** One way from the agent to the server, and what it has cost so far. */
  private static final class Way {
    final String name;
    final AgentCalls calls;
    final EnvoyProcess envoy;
    final @Nullable ServerProcess sidecar;
    double perSecond;
    double median = Double.MAX_VALUE;
    double slowest = Double.MAX_VALUE;
    double envoyMicros = Double.MAX_VALUE;
    double sidecarMicros = Double.MAX_VALUE;

    Way(String name, AgentCalls calls, EnvoyProcess envoy, @Nullable ServerProcess sidecar) {
      this.name = name;
      this.calls = calls;
      this.envoy = envoy;
      this.sidecar = sidecar;
    }

    /** Of all windows the best counts: what disturbs one makes it dearer, never cheaper. */
    void window() {
      long envoyBefore = ProcessCpu.nanos(envoy.process().pid());
      long sidecarBefore = sidecar == null ? 0 : sidecar.cpu();
      AgentCalls.Times times = calls.run(WINDOW);
      double sidecarNanos = sidecar == null ? 0 : sidecar.cpu() - sidecarBefore;
      double envoyNanos = ProcessCpu.nanos(envoy.process().pid()) - envoyBefore;
      perSecond = Math.max(perSecond, times.perSecond());
      median = Math.min(median, times.micros(0.5));
      slowest = Math.min(slowest, times.micros(0.99));
      envoyMicros = Math.min(envoyMicros, envoyNanos / 1e3 / WINDOW);
      sidecarMicros = Math.min(sidecarMicros, sidecarNanos / 1e3 / WINDOW);
    }

    double cpuMicros() {
      return envoyMicros + sidecarMicros;
    }
  }

  private static void measure(Way alone, Way with) {
    for (int i = 0; i < WARM_UP; i++) {
      alone.calls.run(WINDOW);
      with.calls.run(WINDOW);
    }
    for (int i = 0; i < ROUNDS; i++) {
      alone.window();
      with.window();
    }
    Table table =
        new Table(
            "agent → Envoy → server",
            "requests/s",
            "p50",
            "p99",
            "CPU",
            "CPU of Envoy, µs",
            "CPU of valetkey, µs");
    for (Way way : List.of(alone, with)) {
      table.row(
          way.name,
          Table.number(way.perSecond / alone.perSecond, 2),
          Table.number(way.median / alone.median, 2),
          Table.number(way.slowest / alone.slowest, 2),
          Table.number(way.cpuMicros() / alone.cpuMicros(), 2),
          Table.number(way.envoyMicros, 1),
          Table.number(way.sidecarMicros, 1));
    }
    table.print(
        "The whole way: %d requests a window, %d connections; ratios to Envoy alone"
            .formatted(WINDOW, AgentCalls.CONNECTIONS));
  }

  private static SidecarFolder configured(Path folder, Issuer issuer) {
    SidecarFolder sidecar = SidecarFolder.write(folder, issuer, "", 0);
    String server =
        """
          mcp:
            url: http://mcp.test/mcp
            allow_http: true
            upstream: {address: "127.0.0.1:%d"}
            grant: {audience: mcp}
        envoy: {listen: "127.0.0.1:%d", admin_socket: %s}
        """
            .formatted(SERVER_PORT, WITH_PORT, folder.resolve("envoy-admin.sock"));
    try {
      Files.writeString(sidecar.config(), Files.readString(sidecar.config()) + server);
      return sidecar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String bootstrap(SidecarFolder sidecar) {
    return switch (ConfigReader.read(sidecar.config())) {
      case ReadResult.Loaded good -> GatewayBootstrap.print(good.config());
      case ReadResult.Problems bad -> throw new IllegalStateException(bad.problems().toString());
    };
  }

  private static Path in(Path folder, String name) {
    try {
      return Files.createDirectories(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
