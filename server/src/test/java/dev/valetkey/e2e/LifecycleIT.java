package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.McpServer;
import dev.valetkey.testkit.Poll;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams, restarts, slow issuers, crowds: what goes on around a call. */
@Timeout(120)
final class LifecycleIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  /** What a JVM that ended in order after SIGTERM says: 128 + 15. */
  private static final int STOPPED = 143;

  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;
  private static McpServer github;
  private static String alice;

  @BeforeAll
  static void start() {
    pod = new PodFile().exchange("github").exchange("jira").start();
    github = pod.server("github");
    alice = pod.issuer().userToken("alice");
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    if (!pod.sidecar().isAlive()) {
      pod.startSidecar();
      pod.awaitReady();
    }
    assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
    github.requests().clear();
    pod.issuer().requests().clear();
  }

  @AfterEach
  void recover() {
    pod.issuer().faults().clear();
  }

  // R-MCP-14, AU-STREAM
  @Test
  void eventsPassOneByOneAndSurviveARestartOfTheSidecar() {
    try (Line stream = openStream()) {
      github.push("first");
      assertThat(stream.readUntil("\n\n")).contains("first");

      assertThat(pod.sidecar().terminate(SOON)).isIn(0, STOPPED);
      Http.Response without = pod.agent().call("github", alice);
      assertThat(without.status()).isEqualTo(503);
      github.push("second");
      assertThat(stream.readUntil("\n\n")).contains("second");

      pod.startSidecar();
      pod.awaitReady();
      Http.Response with = pod.agent().call("github", alice);
      assertThat(with.status()).isEqualTo(200);
      github.push("third");
      assertThat(stream.readUntil("\n\n")).contains("third");
    }
  }

  /** Envoy keeps streams open to us, which must not hold up the end. */
  @Test
  void sidecarWithoutRunningCallsStopsBeforeItsGraceIsOver() {
    github.refuseNext(1, 403);
    assertThat(pod.agent().call("github", alice).status()).isEqualTo(403);

    assertThat(pod.sidecar().terminate(Duration.ofSeconds(8))).isIn(0, STOPPED);
  }

  // R-BC-5
  @Test
  void killedSidecarLeavesNothingThatStopsTheNext() {
    pod.sidecar().signal("KILL");
    pod.sidecar().awaitExit(SOON);
    assertThat(pod.agent().call("github", alice).status()).isEqualTo(503);
    assertThat(github.requests().count()).isZero();

    pod.startSidecar();
    pod.awaitReady();

    assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
  }

  // R-MCP-2, R-BC-5, TM-AWAY
  @Test
  void stalledSidecarFailsClosed() {
    pod.sidecar().signal("STOP");
    try {
      pod.awaitHealth(0);

      assertThat(pod.agent().call("github", alice).status()).isEqualTo(503);
      assertThat(github.requests().count()).isZero();
    } finally {
      pod.sidecar().signal("CONT");
    }
    pod.awaitHealth(1);
    assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
  }

  @Test
  void successorTakesOverWithoutAFailedCall() {
    Child first = pod.sidecar();
    ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
    AtomicBoolean done = new AtomicBoolean();
    List<CompletableFuture<Void>> load = load(statuses, done);

    Child second = pod.startSidecar();
    second.awaitErr("\"serving\"", Pod.PATIENCE);
    int before = statuses.size();
    first.terminate(SOON);
    Poll.until(SOON, "calls after the change", () -> statuses.size() > before + 50);
    done.set(true);
    load.forEach(CompletableFuture::join);

    assertThat(second.isAlive()).isTrue();
    assertThat(statuses).containsOnly(200);
    pod.awaitReady();
  }

  @Test
  void callsThatRunWhenTheSidecarIsToldToStopEnd() {
    pod.issuer().faults().token(Fault.delay(Duration.ofSeconds(2)), 5);
    List<CompletableFuture<Http.Response>> running =
        List.of(coldCall(), coldCall(), coldCall(), coldCall(), coldCall());
    pod.issuer().requests().await(5, SOON);

    int status = pod.sidecar().terminate(SOON);

    assertThat(status).isIn(0, STOPPED);
    assertThat(running).allSatisfy(call -> assertThat(call.join().status()).isEqualTo(200));
    pod.startSidecar();
    pod.awaitReady();
  }

  @Test
  void slowIssuerSlowsNoCachedCall() {
    pod.issuer().faults().token(Fault.delay(Duration.ofSeconds(3)), 1);
    CompletableFuture<Http.Response> cold = coldCall();
    pod.issuer().requests().await(1, SOON);

    for (int i = 0; i < 20; i++) {
      assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
    }

    assertThat(cold.isDone()).as("the cold call still waits").isFalse();
    assertThat(cold.join().status()).isEqualTo(200);
  }

  @Test
  void exchangeOfAnAgentThatHungUpIsFinishedAndKept() {
    String user = newUser();
    pod.issuer().faults().token(Fault.delay(Duration.ofMillis(500)), 1);
    try (Line line = Line.to(pod.agent().port())) {
      line.send(
          Agent.request(
              "POST",
              "/mcp",
              "github.example",
              "Authorization: Bearer " + user + "\r\n",
              Agent.WHOAMI));
      pod.issuer().requests().await(1, SOON);
    }
    Poll.until(
        SOON,
        "the token in the cache",
        () -> Asked.sidecar(pod).cacheOf("github", user).contains("hit"));

    Http.Response answer = pod.agent().call("github", user);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
    assertThat(github.requests().count()).isEqualTo(1);
  }

  // R-TX-14, AB4
  @Test
  void hundredColdCallsAskTheIssuerOnce() {
    String user = newUser();
    pod.issuer().faults().token(Fault.delay(Duration.ofMillis(300)), 1);

    List<Http.Response> answers = Agent.atOnce(100, i -> pod.agent().call("github", user));

    assertThat(answers).allSatisfy(answer -> assertThat(answer.status()).isEqualTo(200));
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
    assertThat(github.seenTokens()).hasSize(1);
  }

  @Test
  void keysDoNotWaitForEachOther() {
    pod.issuer().faults().token(Fault.delay(Duration.ofSeconds(3)), 1);
    CompletableFuture<Http.Response> slow = coldCall();
    pod.issuer().requests().await(1, SOON);

    Http.Response other = pod.agent().call("github", newUser());
    Http.Response sameUserOtherServer = pod.agent().call("jira", alice);

    assertThat(List.of(other.status(), sameUserOtherServer.status())).containsOnly(200);
    assertThat(slow.isDone()).as("the slow call still waits").isFalse();
    assertThat(slow.join().status()).isEqualTo(200);
  }

  @Test
  void issuerThatIsDownCostsOnlyThoseWhoNeedIt() {
    pod.issuer().faults().token(Fault.status(503), 100);

    Http.Response cold = pod.agent().call("github", newUser());
    Http.Response cached = pod.agent().call("github", alice);

    assertThat(cold.status()).isEqualTo(503);
    assertThat(cold.header("retry-after")).matches("[0-9]+");
    assertThat(cached.status()).isEqualTo(200);
    pod.issuer().faults().clear();
    Poll.until(SOON, "recovery", () -> pod.agent().call("github", newUser()).status() == 200);
  }

  private static Line openStream() {
    Line line = Line.to(pod.agent().port());
    line.send(
        "GET /mcp HTTP/1.1\r\nHost: github.example\r\nAccept: text/event-stream\r\n"
            + "Authorization: Bearer "
            + alice
            + "\r\n\r\n");
    assertThat(line.head()).startsWith("HTTP/1.1 200");
    line.readUntil(": open\n\n");
    return line;
  }

  /** Four agents that call until told to stop. */
  private static List<CompletableFuture<Void>> load(
      ConcurrentLinkedQueue<Integer> statuses, AtomicBoolean done) {
    return IntStream.range(0, 4)
        .mapToObj(i ->
            Agent.<Void>inBackground(() -> {
              while (!done.get()) {
                statuses.add(pod.agent().call("github", alice).status());
              }
              return null;
            }))
        .toList();
  }

  private static CompletableFuture<Http.Response> coldCall() {
    String user = newUser();
    return Agent.inBackground(() -> pod.agent().call("github", user));
  }

  private static String newUser() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }
}
