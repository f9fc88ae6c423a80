package dev.valetkey.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.valetkey.deploy.Manifests;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The init container loads the example's ruleset, with the rights that the manifests give it. Where
 * no base with apt can be had, its image is the stand-in of {@code containers-up.sh}.
 */
@Docker.Needed
final class InitImageIT {
  private static final String BASE = "debian:bookworm-slim";
  private static final String STAND_IN = "valetkey-nft:stand-in";

  @TempDir private Path folder;

  /** Holds the network of the pod, as a pod's first container does. */
  private String pod;

  @BeforeEach
  void openNetwork() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path manifest = Repository.root().resolve("deploy/manifests/capture/configuration.yaml");
    JsonObject map = Manifests.of(Manifests.text(manifest)).getFirst();
    Files.writeString(
        folder.resolve("capture.nft"), Manifests.at(map, "data", "capture.nft").getAsString());
    pod = Docker.run("run", "--detach", "--network=none", BASE, "sleep", "300").strip();
  }

  @AfterEach
  void closeNetwork() {
    Docker.run("rm", "--force", pod);
  }

  @Test
  void loadsTheRulesetWithOneCapabilityAndTwiceIsOnce() {
    nft(List.of("--cap-add=NET_ADMIN"), "-f", "/rules/capture.nft");
    String once = nft(List.of("--cap-add=NET_ADMIN"), "list", "table", "inet", "valetkey");
    nft(List.of("--cap-add=NET_ADMIN"), "-f", "/rules/capture.nft");
    String twice = nft(List.of("--cap-add=NET_ADMIN"), "list", "table", "inet", "valetkey");

    assertThat(once)
        .contains("redirect to :15001")
        .contains("tcp dport 8080 redirect to :15006")
        .contains("meta skuid { 1337, 1338 }");
    assertThat(twice).isEqualTo(once);
  }

  // TM-AWAY
  @Test
  void withoutTheCapabilityItFailsAndThePodDoesNotStart() {
    assertThatThrownBy(() -> nft(List.of(), "-f", "/rules/capture.nft"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Operation not permitted");
  }

  private String nft(List<String> rights, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "run",
                "--rm",
                "--network=container:" + pod,
                "--read-only",
                "--user=0:0",
                "--cap-drop=ALL",
                "--security-opt=no-new-privileges",
                "--volume",
                folder + ":/rules:ro"));
    command.addAll(rights);
    command.add(Image.NAME);
    command.addAll(List.of(arguments));
    return Docker.run(command.toArray(String[]::new));
  }

  /** Built at its first use. */
  private static final class Image {
    static final String NAME = name();

    private static String name() {
      String label = "{{index .Config.Labels \"dev.valetkey.stand-in\"}}";
      if (Docker.run("image", "inspect", "--format", label, BASE).strip().equals("true")) {
        return STAND_IN;
      }
      String built = "valetkey-nft:test";
      Path init = Repository.root().resolve("deploy/init");
      Docker.run("build", "--tag", built, init.toString());
      return built;
    }
  }
}
