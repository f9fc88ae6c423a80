package dev.valetkey.container;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * valetkey and Envoy as two containers that share the network, as in a pod, and the folder of the
 * socket; the issuer and one server, {@code github}, run beside them on loopback.
 */
final class ContainerPod implements AutoCloseable {
  static final String ENVOY = "envoyproxy/envoy:distroless-v1.40.0";

  /** The uid and gid of that image. */
  static final int ENVOY_UID = 65532;

  private static final String BODY =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"}}";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Path folder;
  private final int egress = Ports.free();
  private final int admin = Ports.free();
  private final Issuer issuer = Issuer.start();
  private final McpServer server;
  private final GenericContainer<?> valetkey;
  private final GenericContainer<?> envoy;

  private ContainerPod(Path folder) {
    this.folder = folder;
    this.server =
        McpServer.start(
            McpServer.Options.open("github")
                .withAudience("github-mcp")
                .withGenuine(issuer::hasSigned));
    this.valetkey =
        container(Docker.image())
            // Envoy's group, which may open the socket.
            .withCreateContainerCmdModifier(command -> command.withUser("1337:" + ENVOY_UID))
            .withCommand("serve", "/etc/valetkey/valetkey.yaml")
            .waitingFor(new Until(() -> status("/readyz") == 200));
    this.envoy =
        container(ENVOY)
            // The host's network is shared with other Envoys, which a base id of its own keeps
            // apart.
            .withCommand(
                "-c", "/etc/valetkey/envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id")
            .waitingFor(new Until(this::isListening));
  }

  /**
   * @param allowedUid who may talk to valetkey
   */
  static ContainerPod start(int allowedUid) {
    try {
      ContainerPod pod = new ContainerPod(Files.createTempDirectory("valetkey-containers-"));
      try {
        pod.run(allowedUid);
        return pod;
      } catch (IOException | RuntimeException | AssertionError failed) {
        pod.close();
        throw failed;
      }
    } catch (IOException noFolder) {
      throw new UncheckedIOException(noFolder);
    }
  }

  Issuer issuer() {
    return issuer;
  }

  McpServer server() {
    return server;
  }

  /** Ends valetkey as a kubelet does. */
  void stopValetkey() {
    valetkey.getDockerClient().stopContainerCmd(valetkey.getContainerId()).exec();
  }

  /** Calls the tool of a host as the agent does; {@code token} null: without. */
  Http.Response call(String host, @Nullable String token) {
    String authorization = token == null ? "" : "Authorization: Bearer " + token + "\r\n";
    return Http.send(
        "127.0.0.1",
        egress,
        "POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
            .formatted(host, BODY.length(), authorization, BODY));
  }

  /** Waits until Envoy knows that valetkey serves. */
  void awaitServing() {
    Poll.until(
        PATIENCE, "valetkey behind Envoy", () -> call("nobody.example", null).status() != 503);
  }

  String metrics() {
    return Http.get(page("/metrics")).text();
  }

  /** What both containers wrote. */
  String logs() {
    return valetkey.getLogs() + envoy.getLogs();
  }

  @Override
  public void close() {
    envoy.stop();
    valetkey.stop();
    server.close();
    issuer.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      throw new UncheckedIOException(left);
    }
  }

  private void run(int allowedUid) throws IOException {
    directory(folder.resolve("etc"), "rwxr-xr-x");
    directory(folder.resolve("etc/secrets"), "rwxr-xr-x");
    // Two containers with different users write here: sockets only.
    directory(folder.resolve("run"), "rwxrwxrwx");
    Files.writeString(folder.resolve("etc/secrets/corp"), Issuer.AGENT_SECRET);
    Files.writeString(folder.resolve("etc/valetkey.yaml"), config(allowedUid));
    Files.writeString(folder.resolve("etc/envoy.yaml"), bootstrap());
    valetkey.start();
    envoy.start();
  }

  private String config(int allowedUid) {
    return """
    listen: {socket_mode: "0660", allowed_uids: [%d]}
    envoy: {listen: "127.0.0.1:%d"}
    admin: {address: "127.0.0.1:%d"}
    issuers:
      corp:
        issuer: %s
        allow_http: true
        client_id: agent
        client_secret_file: secrets/corp
    servers:
      github:
        url: http://github.example/mcp
        allow_http: true
        upstream: {address: "127.0.0.1:%d"}
        grant: {audience: github-mcp, scope: read}
    """
        .formatted(allowedUid, egress, admin, issuer.issuer(), server.port());
  }

  private String bootstrap() {
    return Docker.run(
        "run",
        "--rm",
        "--volume",
        folder.resolve("etc") + ":/etc/valetkey:ro",
        Docker.image(),
        "envoy",
        "/etc/valetkey/valetkey.yaml");
  }

  private GenericContainer<?> container(String image) {
    return new GenericContainer<>(image)
        .withNetworkMode("host")
        .withFileSystemBind(folder.resolve("etc").toString(), "/etc/valetkey", BindMode.READ_ONLY)
        .withFileSystemBind(folder.resolve("run").toString(), "/run/valetkey", BindMode.READ_WRITE);
  }

  private boolean isListening() {
    return call("nobody.example", null).status() > 0;
  }

  private int status(String page) {
    return Http.get(page(page)).status();
  }

  private URI page(String path) {
    return URI.create("http://127.0.0.1:" + admin + path);
  }

  private static void directory(Path path, String mode) throws IOException {
    Files.createDirectory(path);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  /** Readiness as the host sees it: the containers publish no ports. */
  private static final class Until extends AbstractWaitStrategy {
    private final java.util.function.BooleanSupplier condition;

    Until(java.util.function.BooleanSupplier condition) {
      this.condition = condition;
    }

    @Override
    protected void waitUntilReady() {
      Poll.until(
          PATIENCE,
          "a container",
          () -> {
            try {
              return condition.getAsBoolean();
            } catch (UncheckedIOException notYet) {
              return false;
            }
          });
    }
  }
}
