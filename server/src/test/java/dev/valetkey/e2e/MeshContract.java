package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SeenRequest;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds wherever somebody else's control plane configures Envoy. */
@Timeout(120)
abstract class MeshContract {
  static final Duration SOON = Duration.ofSeconds(20);
  private static final AtomicInteger USERS = new AtomicInteger();

  /** A pod with the server {@code github} and the refused server {@code shut}. */
  abstract Pod pod();

  @Test
  void listedServerGetsItsOwnTokenAndNeverTheUsers() {
    String token = user();

    Http.Response answer = pod().agent().call("github", token, "X-Valetkey-User-Token", "forged");

    assertThat(answer.status()).isEqualTo(200);
    SeenRequest seen = pod().server("github").requests().last();
    assertThat(seen.headers("authorization")).hasSize(1);
    assertThat(pod().issuedTokens()).contains(seen.header("authorization").substring(7));
    assertThat(pod().server("github").requests().wireText())
        .doesNotContain(token, "x-valetkey", "forged");
  }

  @Test
  void callWithoutUserTokenIsRefused() {
    assertThat(pod().agent().call("github", null).status()).isEqualTo(401);
  }

  @Test
  void otherPathsOfTheHostAreRefused() {
    McpServer github = pod().server("github");
    long before = github.requests().count();

    for (String path : new String[] {"/", "/mcpfold", "/mcp/../x"}) {
      assertThat(pod().agent().post(Pod.host("github"), path, user(), "").status())
          .as(path)
          .isIn(403, 404);
    }
    assertThat(github.requests().count()).isEqualTo(before);
  }

  @Test
  void serverWithoutGrantIsRefused() {
    long before = pod().server("shut").requests().count();

    assertThat(pod().agent().call("shut", user()).status()).isEqualTo(403);
    assertThat(pod().server("shut").requests().count()).isEqualTo(before);
  }

  @Test
  void withoutSidecarTheAgentGets503AndTheServerNothing() {
    long before = pod().server("github").requests().count();
    pod().sidecar().terminate(SOON);
    try {
      assertThat(pod().agent().call("github", user()).status()).isEqualTo(503);
      assertThat(pod().server("github").requests().count()).isEqualTo(before);
    } finally {
      pod().startSidecar();
      pod().awaitReady();
    }
  }

  final String user() {
    return pod().issuer().userToken(getClass().getSimpleName() + USERS.incrementAndGet());
  }

  /** The refused token is forgotten, as the access log says, and the next call has another one. */
  final void assertRefusalIsLearned() {
    String token = user();
    assertThat(pod().agent().call("github", token).status()).isEqualTo(200);
    String first = pod().server("github").requests().last().header("authorization");
    pod().server("github").refuseNext(1, 401);
    assertThat(pod().agent().call("github", token).status()).isEqualTo(401);

    Poll.until(
        SOON,
        "another token",
        () ->
            pod().agent().call("github", token).status() == 200
                && !pod().server("github").requests().last().header("authorization").equals(first));
  }
}
