package dev.valetkey.container;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import dev.valetkey.testkit.Poll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** The image keeps what the README's pod demands of it. */
@Docker.Needed
final class ImageIT {
  private static final Duration START = Duration.ofSeconds(90);
  private static final String[] CONFINED = {
    "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--memory=192m"
  };

  @TempDir private Path folder;

  @BeforeEach
  void configure() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(folder.resolve("secrets"));
    Files.writeString(folder.resolve("secrets/corp"), "CANARY-secret-of-the-image");
    Files.writeString(
        folder.resolve("valetkey.yaml"),
        """
        issuers:
          corp:
            issuer: https://127.0.0.1:1/realms/corp
            client_id: travel-agent
            client_secret_file: secrets/corp
        servers:
          github:
            url: https://mcp.github.example/mcp
            grant: {audience: github-mcp, scope: repo:read}
        """);
  }

  @Test
  void servesWithoutRootCapabilitiesOrAWritableRootAndEndsWithStatus0() throws IOException {
    try (GenericContainer<?> valetkey = sidecar()) {
      valetkey.start();

      assertThat(valetkey.getLogs()).contains("\"serving\"").doesNotContain("CANARY-");
      assertThat(user(valetkey)).isEqualTo("1337");
      assertThat(valetkey.getContainerInfo().getConfig().getEnv()).contains("MALLOC_ARENA_MAX=1");

      long begin = System.nanoTime();
      valetkey
          .getDockerClient()
          .killContainerCmd(valetkey.getContainerId())
          .withSignal("TERM")
          .exec();
      Poll.until(Duration.ofSeconds(15), "its end", () -> !isRunning(state(valetkey)));

      assertThat(state(valetkey).getExitCodeLong()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
    }
  }

  @Test
  void saysItsVersion() {
    assertThat(confined(Docker.image(), "version")).startsWith("valetkey ");
  }

  @Test
  void checksAConfiguration() {
    String mount = folder + ":/etc/valetkey:ro";

    String meaning =
        confined("--volume", mount, Docker.image(), "check", "/etc/valetkey/valetkey.yaml");

    assertThat(meaning)
        .contains("token_exchange at corp as travel-agent")
        .doesNotContain("CANARY-");
  }

  /** With {@code AOTMode=on} the JVM ends where it would otherwise go on without the cache. */
  @Test
  void itsAotCacheFitsItsFlags() {
    String home = "/opt/valetkey/";

    String version =
        confined(
            "--entrypoint",
            home + "runtime/bin/java",
            Docker.image(),
            "@" + home + "jvm.options",
            "-XX:AOTMode=on",
            "-XX:AOTCache=" + home + "valetkey.aot",
            "-jar",
            home + "valetkey.jar",
            "version");

    assertThat(version).startsWith("valetkey ");
  }

  private GenericContainer<?> sidecar() {
    return new GenericContainer<>(Docker.image())
        .withExposedPorts(9464)
        .withFileSystemBind(folder.toString(), "/etc/valetkey", BindMode.READ_ONLY)
        .withTmpFs(Map.of("/run/valetkey", "uid=1337,mode=0750"))
        .withCreateContainerCmdModifier(command ->
            command
                .getHostConfig()
                .withReadonlyRootfs(true)
                .withCapDrop(com.github.dockerjava.api.model.Capability.ALL)
                .withMemory(192L << 20)
                .withMemorySwap(192L << 20))
        .waitingFor(Wait.forHttp("/readyz").withStartupTimeout(START));
  }

  private static String confined(String... arguments) {
    List<String> command = new java.util.ArrayList<>(List.of(CONFINED));
    command.addAll(List.of(arguments));
    return Docker.run(command.toArray(String[]::new));
  }

  /** The uid of its first process, as the kernel says. */
  private static String user(GenericContainer<?> container) throws IOException {
    Long pid = state(container).getPidLong();
    return String.valueOf(Files.getAttribute(Path.of("/proc/" + pid), "unix:uid"));
  }

  private static ContainerState state(GenericContainer<?> container) {
    return container
        .getDockerClient()
        .inspectContainerCmd(container.getContainerId())
        .exec()
        .getState();
  }

  private static boolean isRunning(ContainerState state) {
    return Boolean.TRUE.equals(state.getRunning());
  }
}
