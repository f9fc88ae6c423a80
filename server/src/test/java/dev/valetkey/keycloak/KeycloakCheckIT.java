package dev.valetkey.keycloak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.mcp.Gateway;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Keycloak;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code valetkey check --online} against a real Keycloak. */
@Timeout(60)
final class KeycloakCheckIT {
  private static final ClientKey KEY = ClientKey.generate();
  private static Keycloak keycloak;
  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    keycloak = RealKeycloak.start();
    new KeycloakAdmin(keycloak).add(List.of(), List.of(KEY.client("agent-key-only")));
  }

  /** The second client has no service account: Keycloak refuses it client_credentials. */
  @Test
  void clientsThatKeycloakKnowsAreRecognised() throws IOException {
    Child check =
        check(
            """
              good: {issuer: "%s", allow_http: true, client_id: agent, client_secret_file: good}
              assertion: {issuer: "%s", allow_http: true, client_id: agent-key-only, private_key_file: key.pem, key_id: agent-key}
              public: {issuer: "%s", allow_http: true, client_id: chat-app, token_endpoint_auth_method: none}
            """);

    assertThat(online(check))
        .containsExactly(
            "good  discovery and keys: ok",
            "good  client authentication: recognised",
            "assertion  discovery and keys: ok",
            "assertion  client authentication: recognised, answered invalid_request",
            "public  discovery and keys: ok",
            "public  client authentication: recognised, answered unauthorized_client");
    assertThat(check.awaitExit(Duration.ZERO)).isZero();
  }

  /** Keycloak says {@code unauthorized_client} for a wrong secret, with status 401. */
  @Test
  void clientsThatKeycloakDoesNotKnowAreFailures() throws IOException {
    Child check =
        check(
            """
              wrong: {issuer: "%s", allow_http: true, client_id: agent, client_secret_file: wrong}
              unknown: {issuer: "%s", allow_http: true, client_id: nobody, client_secret_file: good}
              absent: {issuer: "%s-two", allow_http: true, client_id: agent, client_secret_file: good}
            """);

    assertThat(online(check))
        .containsExactly(
            "wrong  discovery and keys: ok",
            "wrong  client authentication: FAILED, answered unauthorized_client",
            "unknown  discovery and keys: ok",
            "unknown  client authentication: FAILED, answered invalid_client",
            "absent  discovery and keys: FAILED, metadata: status 404");
    assertThat(check.awaitExit(Duration.ZERO)).isEqualTo(1);
  }

  private Child check(String issuers) throws IOException {
    Map<String, String> files =
        Map.of(
            "good",
            Keycloak.AGENT_SECRET,
            "wrong",
            "CANARY-wrong-secret",
            "key.pem",
            KEY.pem(),
            "valetkey.yaml",
            "issuers:\n"
                + issuers.replace("%s", keycloak.issuer())
                + "servers: {open: {url: \"https://open.example/mcp\", grant: none}}\n");
    for (var file : files.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue());
    }
    Child check =
        Child.start(
            "check",
            folder,
            Map.of(),
            Gateway.valetkey("check", "--online", folder.resolve("valetkey.yaml").toString()));
    check.awaitExit(Duration.ofSeconds(50));
    assertThat(check.out() + check.err()).doesNotContain("CANARY");
    return check;
  }

  private static List<String> online(Child check) {
    assertThat(check.out()).as(check.err()).contains("online\n");
    return check
        .out()
        .substring(check.out().indexOf("online\n") + 7)
        .lines()
        .map(String::strip)
        .toList();
  }
}
