package dev.valetkey.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.EnvoyProcess;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Ports;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * valetkey and Envoy as processes on loopback, in front of servers and issuers that the test
 * brings. Server {@code NAME} has the host {@code NAME.example}. Used by one test class.
 */
public final class Gateway implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String WHOAMI =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"}}";

  private final Path folder;
  private final int port = Ports.free();
  private final int adminPort = Ports.free();
  private final Child sidecar;
  private final EnvoyProcess envoy;

  /**
   * What the agent was answered.
   *
   * @param code reason of a refusal; empty when the call went through
   * @param body as it came
   */
  public record Answer(int status, String code, String body) {
    /** A claim of the token that the server saw. */
    public @Nullable Object claim(String name) {
      Map<String, Object> result = Json.object(Json.object(body), "result");
      String text = Json.text(Json.object(first(result)), "text");
      return text == null ? null : Json.object(text).get(name);
    }

    private static String first(Map<String, Object> result) {
      return result.get("content") instanceof List<?> content
          ? Json.text(content.getFirst())
          : "{}";
    }
  }

  /**
   * Starts both.
   *
   * @param folder for everything that is written; ends with the test
   * @param secrets texts of the folder's files by their names
   * @param sections valetkey.yaml from {@code issuers} on
   */
  public static Gateway start(Path folder, Map<String, String> secrets, String sections) {
    return new Gateway(folder, secrets, sections);
  }

  private Gateway(Path folder, Map<String, String> secrets, String sections) {
    this.folder = folder;
    secrets.forEach((name, text) -> write(folder.resolve(name), text));
    write(
        folder.resolve("valetkey.yaml"),
        """
        listen: {socket: authz.sock}
        envoy: {listen: "127.0.0.1:%d", admin_socket: envoy-admin.sock}
        admin: {socket: admin.sock, address: "127.0.0.1:%d"}
        """
                .formatted(port, adminPort)
            + sections);
    String bootstrap = bootstrap(); // fails before anything runs
    this.sidecar = Child.start("valetkey", folder, Map.of(), valetkey("serve", file().toString()));
    EnvoyProcess started = null;
    try {
      started = EnvoyProcess.start(bootstrap, folder);
      sidecar.await(PATIENCE, "readiness", this::isReady);
      EnvoyProcess ready = started;
      Poll.until(
          PATIENCE,
          "Envoy to see the sidecar",
          () -> ready.stat("cluster.valetkey.membership_healthy") == 1);
    } catch (AssertionError | RuntimeException notUp) {
      if (started != null) {
        started.close();
      }
      sidecar.close();
      throw notUp;
    }
    this.envoy = started;
  }

  /** An MCP call of the tool that says who calls; token null: without. */
  public Answer call(String server, @Nullable String token) {
    List<String> headers =
        new ArrayList<>(
            List.of(
                "Host",
                server + ".example",
                "Content-Type",
                "application/json",
                "Accept",
                "application/json, text/event-stream"));
    if (token != null) {
      headers.addAll(List.of("Authorization", "Bearer " + token));
    }
    URI uri = URI.create("http://127.0.0.1:" + port + "/mcp");
    Http.Response response =
        Http.request("POST", uri, null, WHOAMI.getBytes(UTF_8), headers.toArray(String[]::new));
    Map<String, Object> body =
        response.text().startsWith("{") ? response.json() : Map.<String, Object>of();
    String code = Json.text(Json.object(Json.object(body, "error"), "data"), "code");
    return new Answer(response.status(), code == null ? "" : code, response.text());
  }

  /** Envoy's port for the agent. */
  public int port() {
    return port;
  }

  public Path file() {
    return folder.resolve("valetkey.yaml");
  }

  public Path adminSocket() {
    return folder.resolve("admin.sock");
  }

  public EnvoyProcess envoy() {
    return envoy;
  }

  /** The command line of the program with these arguments. */
  public static List<String> valetkey(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(Repository.root().resolve("bin/valetkey").toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Everything that both wrote, and the metrics: to be searched. */
  public String writings() {
    String metrics = Http.get(admin("/metrics")).text();
    return String.join("\n", sidecar.out(), sidecar.err(), envoy.log(), metrics);
  }

  /** The sidecar's audit lines so far. */
  public String audit() {
    return sidecar.out();
  }

  @Override
  public void close() {
    envoy.close();
    sidecar.close();
  }

  private String bootstrap() {
    return switch (ConfigReader.read(file())) {
      case ReadResult.Loaded good -> GatewayBootstrap.print(good.config());
      case ReadResult.Problems bad -> throw new AssertionError(bad.problems().toString());
    };
  }

  private boolean isReady() {
    try {
      return Http.get(admin("/readyz")).status() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  /** A page of the sidecar's admin address. */
  public URI admin(String path) {
    return URI.create("http://127.0.0.1:" + adminPort + path);
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException cannotWrite) {
      throw new UncheckedIOException(cannotWrite);
    }
  }
}
