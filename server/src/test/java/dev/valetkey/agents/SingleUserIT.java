package dev.valetkey.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Http;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An agent of one user at a time, {@code user_token.from: [workload]}, without OpenTelemetry: its
 * calls are the only user's, whichever way it makes them.
 */
@Timeout(60)
final class SingleUserIT {
  private static final AtomicInteger TESTS = new AtomicInteger();

  @TempDir private static Path folder;
  private static AgentPod pod;

  private String alice;
  private String ben;

  @BeforeAll
  static void start() {
    pod =
        AgentPod.start(
            Language.PYTHON,
            Telemetry.NONE,
            folder,
            """
            inbound: {user_token: handle}
            user_token: {from: [workload]}
            """);
  }

  @AfterAll
  static void stop() {
    if (pod != null) {
      pod.close();
    }
  }

  /** Names of this test alone: who has just signed out cannot come back within a second. */
  @BeforeEach
  void nameUsers() {
    int number = TESTS.incrementAndGet();
    alice = "alice-" + number;
    ben = "ben-" + number;
  }

  @AfterEach
  void everybodySignsOut() {
    pod.signOut(alice);
    pod.signOut(ben);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mcp", "httpx", "worker", "late_worker", "curl"})
  void callsAreTheOnlyUsers(String way) {
    Answer first = pod.ask(pod.user(alice), way, "who am I");
    assertThat(first.names(alice)).as(first.text()).isTrue();

    pod.signOut(alice);

    Answer second = pod.ask(pod.user(ben), way, "who am I");
    assertThat(second.names(ben)).as(second.text()).isTrue();
  }

  // TM-MIX
  @Test
  void callsAreRefusedWhileThereAreTwoUsers() {
    pod.ask(pod.user(alice), "httpx", "who am I");
    int exchanges = pod.issuer().exchanges().size();
    long requests = pod.github().requests().count();

    Answer second = pod.ask(pod.user(ben), "httpx", "who am I");
    Http.Response own = pod.callAsAgent();

    assertThat(second.called()).isEqualTo(403);
    assertThat(second.isRefusal("ambiguous_user")).as(second.text()).isTrue();
    assertThat(own.status()).isEqualTo(403);
    assertThat(pod.issuer().exchanges()).hasSize(exchanges);
    assertThat(pod.github().requests().count()).isEqualTo(requests);
  }

  @Test
  void callsAreRefusedWhileThereIsNoUser() {
    Http.Response own = pod.callAsAgent();

    assertThat(own.status()).isEqualTo(401);
    assertThat(own.text()).contains("no_user_token");
  }
}
