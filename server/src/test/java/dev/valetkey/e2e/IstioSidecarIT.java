package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.bootstrap.IstioSidecar;
import dev.valetkey.testkit.Recorder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The layout {@code istio-sidecar} in a real Envoy that is configured as istiod would. */
final class IstioSidecarIT extends MeshContract {
  private static Recorder elsewhere;
  private static Pod pod;

  @BeforeAll
  static void start() {
    elsewhere = Recorder.start();
    pod =
        new PodFile()
            .exchange("github")
            .server("shut", "refuse", null)
            .bootstrap(config ->
                new IstioProxy("SIDECAR_OUTBOUND", "", IstioSidecar.print(config))
                    .bootstrap(config, elsewhere.port()))
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
    assertThat(pod.agent().post("other.example", "/x", "sk-somebody-elses-key", "").status())
        .isEqualTo(200);
    assertThat(elsewhere.requests().last().header("authorization"))
        .isEqualTo("Bearer sk-somebody-elses-key");
    assertThat(elsewhere.requests().wireText()).doesNotContain(token);
  }

  @Test
  void refusalOfTheServerReachesTheAgentAndIsLearned() {
    assertRefusalIsLearned();
  }
}
