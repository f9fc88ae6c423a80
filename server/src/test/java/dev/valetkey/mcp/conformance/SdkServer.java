package dev.valetkey.mcp.conformance;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An MCP server with the official TypeScript SDK that offers all that the suite asks for. One port
 * is open; the other refuses every request that does not carry exactly one token, which the issuer
 * must have signed for the audience.
 */
final class SdkServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Child child;
  private final Map<String, Object> ports;

  /**
   * A request at the guarded port.
   *
   * @param token SHA-256 of the bearer token, hex; null: there was not exactly one
   * @param subject whom the token speaks of; null if it was refused
   * @param refused why; null: it was served
   * @param ended true in a second entry, when the answer is complete or the client has gone
   */
  record Request(
      String method,
      @Nullable String token,
      @Nullable String subject,
      @Nullable String refused,
      boolean ended) {}

  private SdkServer(Child child) {
    this.child = child;
    child.await(PATIENCE, "ports", () -> child.out().contains("\n"));
    this.ports = Json.object(child.out().lines().findFirst().orElseThrow());
  }

  static SdkServer start(Suite suite, Path folder, Issuer issuer, String audience) {
    List<String> command =
        suite.script("server.mjs", issuer.issuer(), issuer.jwksUri().toString(), audience);
    Child child = Child.start("server", folder, suite.environment(), command);
    try {
      return new SdkServer(child);
    } catch (AssertionError notUp) {
      child.close();
      throw notUp;
    }
  }

  String openUrl() {
    return "http://localhost:" + ports.get("open") + "/mcp";
  }

  String guardedAddress() {
    return "127.0.0.1:" + ports.get("guarded");
  }

  /** What arrived at the guarded port so far. */
  List<Request> requests() {
    return child.out().lines().skip(1).map(Json::object).map(SdkServer::request).toList();
  }

  @Override
  public void close() {
    child.close();
  }

  private static Request request(Map<String, Object> line) {
    return new Request(
        String.valueOf(line.get("method")),
        Json.text(line, "token"),
        Json.text(line, "subject"),
        Json.text(line, "refused"),
        Boolean.TRUE.equals(line.get("ended")));
  }
}
