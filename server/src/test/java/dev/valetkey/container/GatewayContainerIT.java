package dev.valetkey.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Leaks;
import dev.valetkey.testkit.Poll;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The image beside Envoy's own image: one socket between two users. */
@Docker.Needed
final class GatewayContainerIT {
  private static final String GITHUB = "github.example";
  private static ContainerPod pod;

  @BeforeAll
  static void start() {
    pod = ContainerPod.start(ContainerPod.ENVOY_UID);
    pod.awaitServing();
  }

  @AfterAll
  static void stop() {
    if (pod != null) {
      pod.close();
    }
  }

  @Test
  void theServerGetsATokenOfItsOwnAndNeverTheUsers() {
    String user = pod.issuer().userToken("alice");

    Http.Response answer = pod.call(GITHUB, user);

    assertThat(answer.status()).isEqualTo(200);
    Jwt seen = Jwt.of(pod.server().seenTokens().getLast());
    assertThat(seen.audience()).containsExactly("github-mcp");
    assertThat(seen.claims()).containsEntry("sub", "alice");
    Leaks leaks = new Leaks().secret("user token", user);
    leaks.assertNoneIn("server", pod.server().requests().wireText());
    leaks
        .secret("issued token", seen.text())
        .assertNoneIn("logs and metrics", pod.logs() + pod.metrics());
  }

  @Test
  void anUpstream401IsHealedUnseen() {
    String user = pod.issuer().userToken("bob");
    pod.call(GITHUB, user);
    String first = pod.server().seenTokens().getLast();
    pod.server().revoke(first);

    Http.Response answer = pod.call(GITHUB, user);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(pod.server().seenTokens().getLast()).isNotEqualTo(first);
  }

  @Test
  void anUnlistedHostIsRefused() {
    Http.Response answer = pod.call("nobody.example", pod.issuer().userToken("alice"));

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.text()).contains("unlisted_host");
  }

  // AB9, TM-SOCKET
  @Test
  void aPeerOfAnotherUserIsRefused() {
    try (ContainerPod strangers = ContainerPod.start(ContainerPod.ENVOY_UID + 1)) {
      String user = strangers.issuer().userToken("alice");

      Http.Response answer = strangers.call(GITHUB, user);

      assertThat(answer.status()).isEqualTo(503);
      Poll.until(
          Duration.ofSeconds(30),
          "the refused peer in the log",
          () -> strangers.logs().contains("\"peer refused\""));
      assertThat(strangers.server().requests().all()).isEmpty();
      new Leaks().secret("user token", user).assertNoneIn("logs", strangers.logs());
    }
  }

  // TM-AWAY
  @Test
  void withoutTheSidecarNothingPasses() {
    try (ContainerPod orphan = ContainerPod.start(ContainerPod.ENVOY_UID)) {
      orphan.awaitServing();
      String user = orphan.issuer().userToken("alice");
      assertThat(orphan.call(GITHUB, user).status()).isEqualTo(200);
      orphan.server().requests().clear();
      orphan.stopValetkey();

      List<Http.Response> answers =
          List.of(orphan.call(GITHUB, user), orphan.call("nobody.example", user));

      assertThat(answers).extracting(Http.Response::status).containsOnly(503);
      assertThat(orphan.server().requests().all()).isEmpty();
    }
  }
}
