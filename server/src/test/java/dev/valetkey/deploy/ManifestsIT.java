package dev.valetkey.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.valetkey.cli.Cli;
import dev.valetkey.cli.Program;
import dev.valetkey.cli.Samples;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The example pods are what Kubernetes takes and what valetkey prints today. */
final class ManifestsIT {
  private static final Path FOLDER = Repository.root().resolve("deploy/manifests");

  private static KubernetesSchemas schemas;

  @TempDir private Path folder;

  @BeforeAll
  static void read() {
    schemas = KubernetesSchemas.all();
  }

  @ParameterizedTest
  @ValueSource(strings = {"capture", "intercept"})
  void everyObjectIsOneThatKubernetesTakes(String layout) throws IOException {
    List<JsonObject> objects = objects(layout);

    assertThat(objects)
        .extracting(object -> object.get("kind").getAsString())
        .containsExactly("Deployment", "Service", "ConfigMap", "NetworkPolicy");
    assertThat(objects).allSatisfy(object -> assertThat(schemas.problems(object)).isEmpty());
  }

  // TM-SOCKET, AB13
  @ParameterizedTest
  @ValueSource(strings = {"capture", "intercept"})
  void thePodKeepsFromTheAgentWhatIsNotForIt(String layout) throws IOException {
    JsonObject spec =
        Manifests.at(objects(layout).getFirst(), "spec", "template", "spec").getAsJsonObject();
    PodFacts facts = new PodFacts(spec);

    facts.fitTogether();
    facts.areGuarded("envoy", "valetkey-capture");
    assertThat(Manifests.list(spec, "initContainers"))
        .extracting(Manifests::name)
        .containsExactly("valetkey-capture", "valetkey", "envoy");
    assertThat(spec.get("automountServiceAccountToken").getAsBoolean()).isFalse();
    JsonObject agent = Manifests.list(spec, "containers").getFirst();
    assertThat(agent.has("volumeMounts")).isEqualTo(layout.equals("intercept"));
    assertThat(Manifests.list(agent, "env")).hasSize(layout.equals("intercept") ? 6 : 1);
  }

  /** {@code -Dvaletkey.golden=write} prints the rest of the ConfigMap anew. */
  @ParameterizedTest
  @ValueSource(strings = {"capture", "intercept"})
  void theConfigMapHoldsWhatBelongsToItsFile(String layout) throws IOException {
    Path manifest = FOLDER.resolve(layout).resolve("configuration.yaml");
    JsonObject data = Manifests.of(Manifests.text(manifest)).getFirst().getAsJsonObject("data");
    Files.createDirectories(folder.resolve("secrets"));
    Files.writeString(folder.resolve("secrets/corp"), "CANARY-corp\n");
    Path file =
        Files.writeString(folder.resolve("valetkey.yaml"), data.get("valetkey.yaml").getAsString());

    int status =
        new Cli(Program.wiring())
            .run("bootstrap", file.toString(), "--layout", layout, "--folder", folder.toString());

    assertThat(status).isZero();
    String own = Manifests.text(manifest).replaceFirst("(?s)\n  envoy\\.yaml: \\|\n.*", "\n");
    Samples.assertGolden(
        manifest, own + block("envoy.yaml", folder) + block("capture.nft", folder));
    EnvoyProcess.Validation judged =
        EnvoyProcess.validate(Manifests.text(folder.resolve("envoy.yaml")), folder);
    assertThat(judged.valid()).as(judged.output()).isTrue();
  }

  private static String block(String key, Path folder) {
    return "  "
        + key
        + ": |\n"
        + Manifests.text(folder.resolve(key)).indent(4).replaceAll("(?m)^ +$", "");
  }

  private static List<JsonObject> objects(String layout) throws IOException {
    List<JsonObject> objects = new ArrayList<>();
    try (Stream<Path> files = Files.list(FOLDER.resolve(layout))) {
      files.sorted().forEach(file -> objects.addAll(Manifests.of(Manifests.text(file))));
    }
    return objects;
  }
}
