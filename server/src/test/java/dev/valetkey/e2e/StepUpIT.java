package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Form;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers that want a wider scope than the token has: one user's next token has it, as far as
 * {@code step_up_scope} lets it.
 */
@Timeout(60)
final class StepUpIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;

  private String user;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .exchange("github", "step_up_scope: write admin audit purge")
            .exchange("jira")
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void signIn() {
    user = newUser();
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    assertThat(asked()).containsExactly(Set.of("read"));
  }

  // R-MCP-10, R-MCP-11
  @Test
  void nextTokenHasTheUnionOfScopes() {
    Http.Response answer = refused("write");

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("www-authenticate")).contains("scope=\"write\"");
    awaitScope(Set.of("read", "write"));
    refused("read write admin");
    awaitScope(Set.of("read", "write", "admin"));
  }

  // R-MCP-10
  @Test
  void otherUsersTokensStayAsTheyWere() {
    refused("write");
    awaitScope(Set.of("read", "write"));

    pod.agent().call("github", newUser());

    assertThat(asked()).containsExactly(Set.of("read"));
  }

  // R-MCP-11
  @ParameterizedTest
  @ValueSource(strings = {"root", "WRITE", "writ", "write-all", ""})
  void scopeThatIsNotAllowedChangesNothing(String scope) {
    refused(scope);

    awaitAnotherToken();

    assertThat(asked()).containsExactly(Set.of("read"));
  }

  // R-MCP-11
  @Test
  void allowedPartOfAScopeIsAskedForWithoutTheRest() {
    refused("root write");

    awaitScope(Set.of("read", "write"));
  }

  // R-MCP-11
  @Test
  void thereAreThreeStepsAndNoFourth() {
    refused("write");
    awaitScope(Set.of("read", "write"));
    refused("admin");
    awaitScope(Set.of("read", "write", "admin"));
    refused("audit");
    awaitScope(Set.of("read", "write", "admin", "audit"));

    refused("purge");
    awaitAnotherToken();

    assertThat(asked()).containsExactly(Set.of("read", "write", "admin", "audit"));
  }

  // R-MCP-11, TM-LOOP
  @Test
  void serverThatAlwaysWantsTheSameCostsTheIssuerLittle() {
    pod.issuer().requests().clear();
    pod.server("github").refuseNext(20, refusal("write"));

    for (int i = 0; i < 20; i++) {
      assertThat(pod.agent().call("github", user).status()).isEqualTo(403);
    }

    assertThat(asked().size()).isBetween(1, 3);
  }

  @Test
  void otherServersAreNotAffected() {
    refused("write");
    awaitScope(Set.of("read", "write"));

    pod.agent().call("jira", user);

    assertThat(asked()).containsExactly(Set.of("read"));
  }

  @Test
  void challengeOfTheWrongKindChangesNothing() {
    pod.server("github")
        .refuseNext(
            1,
            Reply.text(403, "no")
                .and("WWW-Authenticate", "Bearer error=\"invalid_token\", scope=\"write\""));
    pod.agent().call("github", user);

    awaitAnotherToken();

    assertThat(asked()).containsExactly(Set.of("read"));
  }

  private Http.Response refused(String scope) {
    pod.server("github").refuseNext(1, refusal(scope));
    return pod.agent().call("github", user);
  }

  private static Reply.Full refusal(String scope) {
    return Reply.text(403, "too little")
        .and("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"" + scope + "\"");
  }

  /** Calls until the refusal was heard of, and a token was asked for with this scope. */
  private void awaitScope(Set<String> scope) {
    Poll.until(
        SOON,
        "a token for " + scope,
        () -> pod.agent().call("github", user).status() == 200 && asked().contains(scope));
    pod.issuer().requests().clear();
  }

  /** Calls until the token that was refused is replaced. */
  private void awaitAnotherToken() {
    pod.issuer().requests().clear();
    Poll.until(
        SOON,
        "another token",
        () -> pod.agent().call("github", user).status() == 200 && !asked().isEmpty());
  }

  private static String newUser() {
    pod.issuer().requests().clear();
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }

  /** The scopes of all exchanges. */
  private static List<Set<String>> asked() {
    return pod.issuer().exchanges().stream()
        .map((Form form) -> Set.of(form.all("scope").getFirst().split(" ")))
        .toList();
  }
}
