package dev.valetkey.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.valetkey.config.InterceptConfig;
import dev.valetkey.deploy.Manifests;
import dev.valetkey.intercept.Interception;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The webhook and the example point a container to the files that the sidecar writes. */
final class TrustVariablesTest {
  private static final String MOUNTED = "/run/valetkey-trust";

  @TempDir private Path folder;

  @Test
  void pointToWhatTheSidecarWrites() throws IOException {
    Path trust = folder.resolve("trust");
    InterceptConfig config =
        new InterceptConfig(
            trust, Path.of("/etc/ssl/certs/ca-certificates.crt"), Duration.ofHours(24));
    Interception.start(
            config, Set.of("mcp.github.example"), InstantSource.system(), new SecureRandom())
        .close();
    Map<String, String> written =
        Files.readString(trust.resolve("env"))
            .lines()
            .map(line -> line.replace(trust.toString(), MOUNTED).split("=", 2))
            .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));

    Map<String, String> injected =
        PodParts.of(new Wish("x", null, true, Webhook.IMAGES)).trustVariables();

    assertThat(injected).isEqualTo(written);
    assertThat(ofTheExample()).containsAllEntriesOf(written);
  }

  private static Map<String, String> ofTheExample() {
    Path manifest = Repository.root().resolve("deploy/manifests/intercept/agent.yaml");
    JsonObject deployment = Manifests.of(Manifests.text(manifest)).getFirst();
    JsonObject pod = Manifests.at(deployment, "spec", "template", "spec").getAsJsonObject();
    return Manifests.list(Manifests.list(pod, "containers").getFirst(), "env").stream()
        .collect(
            Collectors.toMap(Manifests::name, variable -> variable.get("value").getAsString()));
  }
}
