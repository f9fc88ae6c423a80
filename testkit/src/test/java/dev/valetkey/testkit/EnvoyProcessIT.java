package dev.valetkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvoyProcessIT {
  @Test
  void requestsGoThroughARealEnvoy(@TempDir Path folder) {
    int port = Ports.free();
    try (McpServer server = McpServer.start("behind");
        EnvoyProcess envoy = EnvoyProcess.start(bootstrap(folder, port, server.port()), folder)) {
      Http.Response answer =
          Http.post(
              URI.create("http://127.0.0.1:" + port + "/mcp"),
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(server.requests().last().header("x-request-id")).isNotNull();
      assertThat(envoy.stat("http.egress.downstream_rq_2xx")).isEqualTo(1);
      assertThat(envoy.log().contains("starting main dispatch loop")).isTrue();
    }
  }

  @Test
  void aBrokenBootstrapIsExplained(@TempDir Path folder) {
    String broken = "admin: {address: {pipe: {path: " + folder + "/a.sock}}}\nstatic: {}\n";

    EnvoyProcess.Validation judged = EnvoyProcess.validate(broken, folder);

    assertThat(judged.valid()).isFalse();
    assertThat(judged.output()).contains("static");
    assertThatThrownBy(() -> EnvoyProcess.start(broken, folder))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("ended with status 1")
        .hasMessageContaining("static");
  }

  /** Plain HTTP on this port to the server on the other. */
  private static String bootstrap(Path folder, int port, int upstream) {
    return """
    admin: {address: {pipe: {path: %s/admin.sock, mode: 384}}}
    static_resources:
      listeners:
      - name: egress
        address: {socket_address: {address: 127.0.0.1, port_value: %d}}
        filter_chains:
        - filters:
          - name: envoy.filters.network.http_connection_manager
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
              stat_prefix: egress
              http_filters:
              - name: envoy.filters.http.router
                typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
              route_config:
                virtual_hosts:
                - {name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: mcp}}]}
      clusters:
      - name: mcp
        type: STATIC
        load_assignment: {cluster_name: mcp, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]}
    """
        .formatted(folder, port, upstream);
  }
}
