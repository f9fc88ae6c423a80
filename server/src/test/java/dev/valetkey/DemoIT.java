package dev.valetkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Keycloak;
import dev.valetkey.testkit.PodNetwork;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  void agentThatKnowsNothingIsSurroundedInAPod() throws IOException {
    needsNamespaces();
    forOtherUids(folder);

    try (Child demo = demo("--invisible")) {
      assertThat(demo.awaitExit(PATIENCE)).as(demo.out() + demo.err()).isZero();

      assertThat(demo.out().replaceAll(" +", " "))
          .contains("says nothing of valetkey, a token, baggage or a proxy")
          .contains("its environment LANG, MODEL_KEY, MODEL_URL, OTEL*, PATH, PYTHON*")
          .contains("Alice sent idp.example travel-agent alice openid profile -")
          .contains("agent saw a handle - - - -")
          .contains("github saw idp.example github-mcp alice repo:read travel-agent")
          .contains("jira saw idp.example jira-mcp alice issues:read -")
          .contains("40 of 40 calls of servers arrived as the user who had asked the agent")
          .contains("the model got the agent's own key, untouched")
          .contains("a job of the agent's own, for no user: 401 no_user_token")
          .contains("a call from outside with the agent's handle: 401 user_token_malformed")
          .contains("it opens valetkey's socket: EACCES")
          .contains("it opens the socket with Envoy's group: hung up on")
          .contains("no process, namespace or file of it is left")
          .containsPattern("All \\d+ checks hold");
      assertPlainAndWithoutSecrets(demo);
      assertThat(demo.out()).doesNotContain("vkh-");
      assertNothingIsLeft();
    }
  }

  @Test
  void interruptedPodLeavesNothing() throws IOException {
    needsNamespaces();
    forOtherUids(folder);

    try (Child demo = demo("--invisible")) {
      demo.awaitOut("1  The agent", PATIENCE);

      demo.terminate(Duration.ofMinutes(1));

      assertNothingIsLeft();
      // A namespace's name begins with its maker's pid.
      assertThat(Child.run(List.of("ip", "netns", "list")))
          .doesNotContain("vkpod" + Long.toString(demo.pid(), 36) + "-");
    }
  }

  @Test
  void withoutTheRightToMakeAPodTheReasonIsSaid() {
    List<String> rightless = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      rightless.addAll(List.of("setpriv", "--inh-caps=-all", "--bounding-set=-sys_admin"));
    }

    try (Child demo = demo(rightless, "--invisible")) {
      assertThat(demo.awaitExit(PATIENCE)).isEqualTo(2);
      assertThat(demo.err())
          .contains("--invisible makes a pod of a network namespace, which needs root")
          .contains("Not possible here: ");
      assertThat(demo.out()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--fast", "--invisible --keep", "--keycloak --invisible"})
  void unknownOrContradictoryOptionsAreBadUse(String options) {
    try (Child demo = demo(options.split(" "))) {
      assertThat(demo.awaitExit(PATIENCE)).isEqualTo(2);
      assertThat(demo.err())
          .contains("usage: bin/demo [--keep] [--keycloak], or bin/demo --invisible, alone");
    }
  }

  private Child demo(String... options) {
    return demo(List.of(), options);
  }

  private Child demo(List<String> through, String... options) {
    List<String> command = new ArrayList<>(through);
    command.add(Repository.root().resolve("bin/demo").toString());
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

  private static void needsNamespaces() {
    String missing = PodNetwork.missing();
    if (!missing.isEmpty() && !Boolean.getBoolean("valetkey.test.strict")) {
      abort("no network namespaces: " + missing + "; testkit/bin/namespaces-up.sh says more");
    }
  }

  /** The programs of a pod run under uids of their own: this folder is their /tmp. */
  private static void forOtherUids(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    Files.setPosixFilePermissions(
        folder.resolve("t"), PosixFilePermissions.fromString("rwxrwxrwx"));
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
