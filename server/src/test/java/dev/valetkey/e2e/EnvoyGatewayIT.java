package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.EnvoyGateway;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.TestCa;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layout {@code envoy-gateway} in a real Envoy that is configured as Envoy Gateway would. */
final class EnvoyGatewayIT extends MeshContract {
  private static final String GATEWAY = "envoy.envoy-gateway-system.example";

  @TempDir private static Path folder;

  private static Pod pod;

  @BeforeAll
  static void start() {
    TestCa ca = TestCa.create(folder);
    TestCa.Certificate ours = ca.localhost();
    TestCa.Certificate gateway = ca.issue("dns:" + GATEWAY);
    int address = Ports.free();
    pod =
        new PodFile()
            .exchange("github")
            .server("shut", "refuse", null)
            .listen(
                "address: '127.0.0.1:%d', tls: {cert_file: %s, key_file: %s, client_ca_file: %s, client_names: ['%s']}"
                    .formatted(address, ours.chain(), ours.key(), ca.pem(), GATEWAY))
            .envoy("sidecar: 'localhost:%d'".formatted(address))
            .bootstrap(config ->
                new EnvoyGatewayProxy(EnvoyGateway.print(config), ca, gateway).bootstrap(config))
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @Override
  Pod pod() {
    return pod;
  }

  // TM-LEAK
  @Test
  void otherHostsAreRefused() {
    try (Recorder other = Recorder.start()) {
      assertThat(pod.agent().post("127.0.0.1:" + other.port(), "/", user(), "").status())
          .isEqualTo(403);
      assertThat(other.connections()).isZero();
    }
  }
}
