package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.IstioEgress;
import dev.valetkey.config.Config;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Recorder;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The layout {@code istio-egress} in a real Envoy that is configured as istiod would configure a
 * gateway; its workload certificates come from files, by the same names.
 */
final class IstioEgressIT extends MeshContract {
  private static final String EGRESS =
      "spiffe://cluster.local/ns/istio-system/sa/istio-egressgateway-service-account";
  private static final String OURS = "spiffe://cluster.local/ns/agents/sa/valetkey";

  @TempDir private static Path folder;

  private static Recorder elsewhere;
  private static Pod pod;

  @BeforeAll
  static void start() {
    TestCa ca = TestCa.create(folder);
    TestCa.Certificate ours = ca.issue("uri:" + OURS);
    TestCa.Certificate egress = ca.issue("uri:" + EGRESS);
    int address = Ports.free();
    elsewhere = Recorder.start();
    pod =
        new PodFile()
            .exchange("github")
            .server("shut", "refuse", null)
            .listen(
                "address: '127.0.0.1:%d', tls: {cert_file: %s, key_file: %s, client_ca_file: %s, client_names: ['%s']}"
                    .formatted(address, ours.chain(), ours.key(), ca.pem(), EGRESS))
            .envoy("sidecar: 'localhost:%d', sidecar_name: '%s'".formatted(address, OURS))
            .bootstrap(config -> bootstrap(config, ca, egress))
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
    elsewhere.close();
  }

  @Override
  Pod pod() {
    return pod;
  }

  // TM-LEAK
  @Test
  void userTokenIsRemovedOnTheWayToOtherHosts() {
    String token = user();

    assertThat(pod.agent().post("other.example", "/x", token, "").status()).isEqualTo(200);
    assertThat(elsewhere.requests().last().headers("authorization")).isEmpty();
  }

  @Test
  void refusalOfTheServerReachesTheAgentAndIsLearned() {
    assertRefusalIsLearned();
  }

  private static String bootstrap(Config config, TestCa ca, TestCa.Certificate egress) {
    String printed =
        new IstioProxy("GATEWAY", "valetkey", IstioEgress.print(config))
            .bootstrap(config, elsewhere.port());
    write(
        "default",
        "tls_certificate: {certificate_chain: {filename: %s}, private_key: {filename: %s}}"
            .formatted(egress.chain(), egress.key()));
    write("ROOTCA", "validation_context: {trusted_ca: {filename: %s}}".formatted(ca.pem()));
    return Tree.print(withFiles(Tree.document(printed)));
  }

  private static void write(String name, String content) {
    try {
      Files.writeString(
          folder.resolve(name + ".yaml"),
          "resources: [{\"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret, name: %s, %s}]\n"
              .formatted(name, content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Certificates from files instead of istio-agent. */
  private static Object withFiles(Object tree) {
    for (Object cluster : Tree.list(tree, "static_resources", "clusters")) {
      Object tls = Tree.map(cluster, "transport_socket", "typed_config", "common_tls_context");
      Tree.list(tls, "tls_certificate_sds_secret_configs").forEach(IstioEgressIT::fromFile);
      Object root =
          Tree.map(tls, "combined_validation_context", "validation_context_sds_secret_config");
      if (!Tree.map(root).isEmpty()) {
        fromFile(root);
      }
    }
    return tree;
  }

  private static void fromFile(Object secret) {
    String file = folder.resolve(Tree.text(secret, "name") + ".yaml").toString();
    assertThat(Tree.print(secret)).contains("sds-grpc");
    Tree.map(secret)
        .put("sds_config", Tree.document("{path_config_source: {path: '" + file + "'}}"));
  }
}
