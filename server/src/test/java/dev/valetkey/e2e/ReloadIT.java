package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Issuer;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SeenRequest;
import java.net.URLDecoder;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changed files of a running pod: in force within 10 s, whole or not at all. */
@Timeout(120)
final class ReloadIT {
  /** What design.md §10 promises, and as much again for a busy machine. */
  private static final Duration IN_FORCE = Duration.ofSeconds(20);

  private static final String LATE = "\n  late:\n";
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;
  private static String alice;
  private static String good;
  private static boolean changed;

  @BeforeAll
  static void start() {
    pod = new PodFile().exchange("github").exchange("late").start();
    alice = pod.issuer().userToken("alice");
    pod.rewrite(yaml -> good = yaml);
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
    pod.issuer().requests().clear();
    pod.server("github").requests().clear();
  }

  @AfterEach
  void restore() {
    pod.issuer().faults().clear();
    pod.write("secrets/corp", Issuer.AGENT_SECRET + "\n");
    pod.rewrite(written -> {
      changed = !written.equals(good);
      return written;
    });
    if (changed) {
      reload(good);
    }
    Poll.until(IN_FORCE, "recovery", () -> pod.agent().call("github", newUser()).status() == 200);
  }

  // AB4, AB1
  @Test
  void serverIsRemovedAndAddedAndTheCacheStays() {
    reload(good.substring(0, good.indexOf(LATE) + 1));
    Http.Response removed = pod.agent().call("late", alice);
    assertThat(removed.status()).isEqualTo(403);
    assertThat(Agent.code(removed)).isEqualTo("unknown_server");

    reload(good);
    Http.Response added = pod.agent().call("late", alice);
    Http.Response kept = pod.agent().call("github", alice);

    assertThat(List.of(added.status(), kept.status())).containsOnly(200);
    assertThat(pod.issuer().exchanges())
        .allSatisfy(form -> assertThat(form.first("audience")).isEqualTo("late-mcp"));
  }

  // R-CA-4
  @Test
  void changedGrantAsksForAnotherToken() {
    reload(
        good.replace(
            "{audience: github-mcp, scope: read}", "{audience: github-mcp, scope: read write}"));

    Http.Response answer = pod.agent().call("github", alice);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(pod.issuer().exchanges()).hasSize(1);
    assertThat(pod.issuer().exchanges().getFirst().first("scope")).isEqualTo("read write");
    assertThat(Jwt.of(pod.server("github").requests().last().bearer()).scope())
        .containsExactly("read", "write");
  }

  @Test
  void grantThatBecomesRefuseGivesNoCachedToken() {
    reload(good.replace("{audience: github-mcp, scope: read}", "refuse"));

    Http.Response answer = pod.agent().call("github", alice);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(Agent.code(answer)).isEqualTo("server_refused");
    assertThat(pod.server("github").requests().count()).isZero();
  }

  // TM-OPERATOR
  @Test
  void badFileKeepsTheOldOneAndSaysSo() {
    double refused = reloads("refused");
    pod.rewrite(
        yaml -> good.replace("grant: {audience: github-mcp", "grants: {audience: github-mcp"));

    Poll.until(IN_FORCE, "the refused file in the metrics", () -> reloads("refused") > refused);
    Http.Response answer = pod.agent().call("github", alice);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(pod.issuer().tokenCalls()).isEmpty();
    assertThat(pod.sidecar().err())
        .contains("servers.github.grants: unknown key", "did you mean 'grant'?");
  }

  @Test
  void fileThatIsHalfWrittenOrGoneChangesNothing() {
    double refused = reloads("refused");
    pod.write("valetkey.yaml", good.substring(0, good.length() / 2) + "\n  :: [");
    Poll.until(IN_FORCE, "the broken file in the metrics", () -> reloads("refused") > refused);
    assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);

    pod.write("valetkey.yaml", "");
    Poll.until(IN_FORCE, "the empty file in the metrics", () -> reloads("refused") > refused + 1);

    assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  @Test
  void tokensOfAUserRuleThatIsGoneCountNoMore() {
    reload(good + "users:\n  - {issuer: corp, audience: [another-application]}\n");

    Http.Response answer = pod.agent().call("github", alice);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(Agent.code(answer)).isEqualTo("user_token_audience");
    assertThat(pod.server("github").requests().count()).isZero();
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  // R-CL-6, AB6
  @Test
  void rotatedSecretHeals() {
    pod.issuer().faults().token(demanding(pod.leaks().secret("CANARY-rotated secret/+1")), 1000);
    Http.Response before = pod.agent().call("github", newUser());
    assertThat(before.status()).isEqualTo(503);
    assertThat(Agent.code(before)).isEqualTo("invalid_client");
    assertThat(pod.agent().call("github", alice).status()).as("cached").isEqualTo(200);

    pod.write("secrets/corp", "CANARY-rotated secret/+1\n");

    Poll.until(
        IN_FORCE, "the new secret", () -> pod.agent().call("github", newUser()).status() == 200);
  }

  /** {@code invalid_client}: the file is read again and tried once more first (design.md §6). */
  @Test
  void secretThatWasWrittenJustNowCostsNoCall() {
    pod.write("secrets/corp", "CANARY-rotated secret/+2\n");
    pod.issuer().faults().token(demanding(pod.leaks().secret("CANARY-rotated secret/+2")), 1000);

    Http.Response answer = pod.agent().call("github", newUser());

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(200);
  }

  @Test
  void callsDuringReloadsNeverFail() {
    double taken = reloads("taken");
    for (int i = 0; i < 2; i++) {
      pod.write("valetkey.yaml", good + "# change " + i + "\n");
      int round = i;
      Poll.until(
          IN_FORCE,
          "a reload",
          () -> {
            assertThat(pod.agent().call("github", alice).status()).isEqualTo(200);
            return reloads("taken") > taken + round;
          });
    }
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  /** Writes the file and waits until it is in force. */
  private static void reload(String yaml) {
    double taken = reloads("taken");
    pod.write("valetkey.yaml", yaml);
    Poll.until(IN_FORCE, "the file to be taken", () -> reloads("taken") > taken);
  }

  private static double reloads(String result) {
    return pod.metric("valetkey_config_reloads_total{result=\"" + result + "\"}");
  }

  /** An issuer whose client has another secret now: it asks itself, as a public client. */
  private static Fault demanding(String secret) {
    return visit -> {
      if ("chat-app".equals(visit.request().form().first("client_id"))) {
        return visit.normal().get();
      }
      if (!secret.equals(secretOf(visit.request()))) {
        return Reply.json(401, Map.of("error", "invalid_client"));
      }
      Form asked = visit.request().form();
      Http.Response answer =
          Http.post(
              visit.issuer().tokenEndpoint(), Form.parse(asked.encoded() + "&client_id=chat-app"));
      return Reply.json(answer.status(), Json.object(answer.text()));
    };
  }

  /** The secret in HTTP Basic, form-decoded. RFC 6749 §2.3.1. */
  private static String secretOf(SeenRequest request) {
    String basic = String.valueOf(request.header("authorization"));
    String pair = new String(Base64.getDecoder().decode(basic.substring("Basic ".length())), UTF_8);
    return URLDecoder.decode(pair.substring(pair.indexOf(':') + 1), UTF_8);
  }

  private static String newUser() {
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }
}
