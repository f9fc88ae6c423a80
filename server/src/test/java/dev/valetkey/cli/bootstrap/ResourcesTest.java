package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.Samples;
import dev.valetkey.config.Config;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The layouts that are Kubernetes resources hold what is printed for their file. */
final class ResourcesTest {
  /** Kinds by the API that has them: Istio 1.22, Gateway API 1.4, Envoy Gateway 1.8. */
  private static final Map<String, Set<String>> KINDS =
      Map.of(
          "networking.istio.io/v1",
          Set.of("ServiceEntry", "DestinationRule", "VirtualService", "Gateway"),
          "networking.istio.io/v1alpha3",
          Set.of("EnvoyFilter"),
          "gateway.networking.k8s.io/v1",
          Set.of("Gateway", "HTTPRoute", "BackendTLSPolicy"),
          "gateway.envoyproxy.io/v1alpha1",
          Set.of(
              "Backend", "SecurityPolicy", "ClientTrafficPolicy", "EnvoyProxy", "HTTPRouteFilter"));

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#resources")
  void sampleIsPrintedAsItsGoldenFile(String sample) {
    String printed = print(sample, Samples.config(Samples.copy(sample, folder)));

    Samples.assertGolden(
        Samples.file(sample, "resources.yaml"), printed.replace(folder.toString(), Samples.HOME));
  }

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#resources")
  void everyResourceHasAKindOfItsApiAndANameOfItsOwn(String sample) {
    Set<String> names = new HashSet<>();
    for (Object document :
        new Load(LoadSettings.builder().build())
            .loadAllFromString(Samples.read(Samples.file(sample, "resources.yaml")))) {
      Map<?, ?> resource = (Map<?, ?>) document;
      String api = (String) resource.get("apiVersion");
      String kind = (String) resource.get("kind");
      String name = (String) ((Map<?, ?>) resource.get("metadata")).get("name");

      assertThat(KINDS.get(api)).as(api).contains(kind);
      assertThat(name).matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
      assertThat(names.add(kind + " " + name)).as(kind + " " + name).isTrue();
    }
    assertThat(names).isNotEmpty();
  }

  @Test
  void serversWithOneNameInKubernetesAreNamed() {
    String yaml =
        """
        servers:
          a_b: {url: 'https://one.example/mcp', grant: none}
          a-b: {url: 'https://two.example/mcp', grant: none}
        """;

    assertThat(IstioSidecar.problem(Samples.config(Samples.write(yaml, folder))))
        .isEqualTo("servers.a_b and servers.a-b have one name in Kubernetes");
  }

  private static String print(String sample, Config config) {
    String layout = sample.substring(0, sample.indexOf('/'));
    return switch (layout) {
      case "istio-sidecar" -> IstioSidecar.print(config);
      case "istio-egress" -> IstioEgress.print(config);
      case "envoy-gateway" -> EnvoyGateway.print(config);
      default -> throw new AssertionError("nobody prints the layout " + layout);
    };
  }
}
