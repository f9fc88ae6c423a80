package dev.valetkey.mcp.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.mcp.conformance.Suite.Run;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Nobody notices that Envoy and valetkey stand between (R-MCP-12 to R-MCP-15): the conformance
 * suite finds behind them what it finds without them, though the server refuses every request that
 * does not carry the token which valetkey adds.
 */
@Timeout(180)
final class ServerConformanceIT {
  @TempDir private static Path folder;
  private static Suite suite;
  private static Issuer issuer;
  private static SdkServer server;
  private static Gateway gateway;

  @BeforeAll
  static void start() {
    suite = Suite.find();
    issuer = Issuer.start();
    server = SdkServer.start(suite, folder, issuer, "conformance-mcp");
    gateway =
        Gateway.start(
            folder,
            Map.of("secrets/agent", Issuer.AGENT_SECRET),
            """
            issuers:
              corp: {issuer: "%s", allow_http: true, client_id: agent, client_secret_file: secrets/agent}
            servers:
              tools: {url: "http://localhost/mcp", allow_http: true, upstream: {address: "%s"}, grant: {type: client_credentials, audience: conformance-mcp}}
            """
                .formatted(issuer.issuer(), server.guardedAddress()));
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable part : new AutoCloseable[] {gateway, server, issuer}) {
      close(part);
    }
  }

  // R-MCP-12, R-MCP-14, R-MCP-15
  /** The numbers are those of the pinned suite: they keep an empty run from counting as equal. */
  @ParameterizedTest
  @CsvSource({"2025-11-25, 84", "2026-07-28, 160"})
  void theSuiteFindsTheSameBehindEnvoy(String revision, int enough) throws IOException {
    Run direct = suite.server(server.openUrl(), revision, folder("direct", revision));
    int before = server.requests().size();

    Run behind = suite.server(url(), revision, folder("behind", revision));

    assertThat(Verdict.gists(behind.verdicts()))
        .as(behind.output())
        .isEqualTo(Verdict.gists(direct.verdicts()));
    assertThat(behind.status()).as(behind.output()).isZero();
    assertThat(direct.passes()).as(direct.output()).hasSizeGreaterThanOrEqualTo(enough);
    // The SDK has no tasks, an extension.
    assertThat(direct.faults()).allMatch(verdict -> verdict.scenario().startsWith("tasks-"));
    List<SdkServer.Request> seen = server.requests();
    assertThat(seen.subList(before, seen.size()))
        .hasSizeGreaterThan(100)
        .allSatisfy(request -> {
          assertThat(request.refused()).isNull();
          assertThat(issuer.issuedTokens().stream().map(ServerConformanceIT::digest))
              .contains(request.token());
        });
  }

  @Test
  void theServerRefusesWhoeverGoesAroundEnvoy() {
    URI around = URI.create("http://" + server.guardedAddress() + "/mcp");

    Http.Response response = Http.request("POST", around, null, "{}".getBytes(UTF_8));

    assertThat(response.status()).isEqualTo(401);
    assertThat(response.text()).isEqualTo("0 Authorization headers");
  }

  private static String url() {
    return "http://localhost:" + gateway.port() + "/mcp";
  }

  private static Path folder(String run, String revision) throws IOException {
    return Files.createDirectory(folder.resolve(run + "-" + revision));
  }

  private static String digest(String token) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static void close(AutoCloseable part) {
    try {
      if (part != null) {
        part.close();
      }
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }
}
