package dev.valetkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/demo} as a newcomer runs it. */
class DemoIT {
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final int WIDEST = 100;

  @TempDir private Path folder;
  private Path temporary;

  @BeforeEach
  void aFolderForItsTemporaryFiles() throws IOException {
    temporary = Files.createDirectory(folder.resolve("t"));
  }

  @Test
  void everyLineOfTheStoryIsTrue() throws IOException {
    try (Child demo = demo()) {
      assertThat(demo.awaitExit(PATIENCE)).as(demo.out() + demo.err()).isZero();

      assertThat(demo.out().replaceAll(" +", " "))
          .contains("github saw idp.example github-mcp alice repo:read travel-agent")
          .contains("jira saw idp.example jira-mcp alice issues:read -")
          .contains("weather saw no token")
          .contains("subject_token *** (Alice's token)")
          .contains("Authorization: Basic ***")
          .contains("calls to the issuer: 0 (all 50 from the cache)")
          .contains("40 of 40 calls at once arrived as the user who made them")
          .contains("Bob's idp.example github-mcp bob")
          .contains("github saw 2 attempts: the old token, then a new one")
          .contains("403 unlisted_host")
          .contains("401 user_token_expired")
          .containsPattern("All \\d+ checks hold");
      assertPlainAndWithoutSecrets(demo);
      assertNothingIsLeft();
    }
  }

  @Test
  void theRealKeycloakRefusesBobForHisMissingRole() throws IOException {
    startKeycloak();

    try (Child demo = demo("--keycloak")) {
      assertThat(demo.awaitExit(PATIENCE)).as(demo.out() + demo.err()).isZero();

      assertThat(demo.out())
          .contains("gets the servers' tokens from a real Keycloak")
          .contains("403 issued_audience")
          .containsPattern("All \\d+ checks hold");
      assertPlainAndWithoutSecrets(demo);
      assertNothingIsLeft();
    }
  }

  @Test
  void keepLeavesItRunningAndWhatItPrintsCanBeTried() throws IOException {
    try (Child demo = demo("--keep")) {
      demo.awaitOut("'call' holds curl's options", PATIENCE);
      List<String> commands =
          demo.out()
              .lines()
              .filter(line -> line.startsWith("   $ "))
              .map(line -> line.substring(5))
              .toList();
      String cd = commands.getFirst();

      List<String> answers = new ArrayList<>();
      for (String command : commands) {
        if (!command.startsWith("tail -f")) {
          answers.add(Child.run(List.of("bash", "-c", cd + " && " + command)));
        }
      }

      assertThat(cd).startsWith("cd " + temporary);
      assertThat(answers.stream().filter(answer -> answer.startsWith("HTTP/1.1 200"))).hasSize(4);
      assertThat(String.join("\n", answers))
          .contains("user_token_expired")
          .contains("unlisted_host")
          .contains("bob of https://idp.example")
          .contains("# TYPE");
      assertThat(demo.isAlive()).isTrue();
      assertPlainAndWithoutSecrets(demo);

      demo.terminate(Duration.ofSeconds(30));

      assertNothingIsLeft();
    }
  }

  @Test
  void anUnknownOptionIsBadUse() {
    try (Child demo = demo("--fast")) {
      assertThat(demo.awaitExit(PATIENCE)).isEqualTo(2);
      assertThat(demo.err()).contains("usage: bin/demo [--keep] [--keycloak]");
    }
  }

  private Child demo(String... options) {
    List<String> command =
        new ArrayList<>(List.of(Repository.root().resolve("bin/demo").toString()));
    command.addAll(List.of(options));
    return Child.start(
        "demo", folder, Map.of("JDK_JAVA_OPTIONS", "-Djava.io.tmpdir=" + temporary), command);
  }

  private static void startKeycloak() {
    try {
      Keycloak.start();
    } catch (IllegalStateException | AssertionError cannot) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannot;
      }
      abort("Keycloak does not start here: " + cannot.getMessage());
    }
  }

  /** A pipe is no terminal: no colours. Every token is a JWT, every secret a canary. */
  private static void assertPlainAndWithoutSecrets(Child demo) {
    assertThat(demo.out() + demo.err())
        .doesNotContain("CANARY")
        .doesNotContain("eyJ")
        .doesNotContain("\u001b");
    List<String> lines = demo.out().lines().filter(line -> !line.startsWith("   $ ")).toList();
    assertThat(lines)
        .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(WIDEST));
  }

  /** The demo's processes all name its folder, which lies in ours, on their command lines. */
  private void assertNothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("valetkey-demo")))
          .isEmpty();
    }
    assertThat(
            ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(temporary.toString())))
        .isEmpty();
  }
}
