package dev.valetkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.valetkey.call.Reason;
import dev.valetkey.cli.Cli;
import dev.valetkey.cli.Program;
import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ReadResult;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * What the README shows is true: its files are read, its commands exist, its codes and links too.
 */
class ReadmeTest {
  private static final Path ROOT = Repository.root();

  /** Envoy runs as the image's own user: valetkey talks to its own uid and to root only. */
  private static final int SIDECAR_UID = 1337;

  @TempDir private Path folder;

  @Test
  void theSmallestConfigurationIsReadWithoutProblems() throws IOException {
    Config config = config(blocks("yaml").getFirst());

    assertThat(config.servers()).containsOnlyKeys("github", "weather");
    assertThat(config.servers().get("github"))
        .isNotNull()
        .satisfies(
            github -> assertThat(github.grant()).isInstanceOf(GrantConfig.TokenExchange.class));
  }

  // TM-SOCKET
  @Test
  void thePodKeepsTheSocketFromTheAgent() throws IOException {
    Map<?, ?> pod = podDocuments().getLast();
    List<Map<?, ?>> sidecars = maps(at(pod, "spec", "initContainers"));
    Map<?, ?> agent = maps(at(pod, "spec", "containers")).getFirst();

    assertThat(pod.get("kind")).isEqualTo("Pod");
    assertThat(sidecars)
        .allSatisfy(sidecar -> {
          assertThat(sidecar.get("restartPolicy")).isEqualTo("Always");
          assertThat(at(sidecar, "securityContext", "runAsUser")).isEqualTo(SIDECAR_UID);
          assertThat(sidecar.get("volumeMounts").toString()).contains("/run/valetkey");
        })
        .extracting(ReadmeTest::name)
        .containsExactly("valetkey", "envoy");
    assertThat(at(agent, "securityContext", "runAsUser")).isNotEqualTo(SIDECAR_UID);
    assertThat(agent.containsKey("volumeMounts")).isFalse();
    assertThat(sidecars.getLast().get("image").toString()).contains("1.40");
  }

  @Test
  void thePodsUserAndProgramAreTheImages() throws IOException {
    assertThat(ROOT.resolve("Dockerfile"))
        .content()
        .contains("USER " + SIDECAR_UID + ":")
        .contains("/opt/valetkey/runtime/bin/java")
        .contains("/opt/valetkey/valetkey.jar");
  }

  @Test
  void everyMountInThePodHasItsVolume() throws IOException {
    Map<?, ?> pod = podDocuments().getLast();
    List<String> volumes = maps(at(pod, "spec", "volumes")).stream().map(ReadmeTest::name).toList();

    List<String> mounted =
        maps(at(pod, "spec", "initContainers")).stream()
            .flatMap(container -> maps(container.get("volumeMounts")).stream())
            .map(ReadmeTest::name)
            .distinct()
            .toList();

    assertThat(mounted).hasSameElementsAs(volumes);
  }

  @Test
  void thePodsConfigurationListsTheAddressThatTheAgentCalls() throws IOException {
    Map<?, ?> map = podDocuments().getFirst();
    Map<?, ?> pod = podDocuments().getLast();
    Config config = config(String.valueOf(at(map, "data", "valetkey.yaml")));

    Map<?, ?> variable = maps(maps(at(pod, "spec", "containers")).getFirst().get("env")).getFirst();
    URI called = URI.create(String.valueOf(variable.get("value")));

    assertThat(config.servers().get("github"))
        .isNotNull()
        .satisfies(github -> assertThat(github.aliases()).containsExactly(called));
    assertThat(config.envoy().listen()).isEqualTo("127.0.0.1:" + called.getPort());
    assertThat(at(pod, "spec", "hostAliases").toString())
        .contains("127.0.0.1")
        .contains(called.getHost());
  }

  @Test
  void everyCommandExists() throws IOException {
    Path file = write(blocks("yaml").getFirst());
    Files.writeString(folder.resolve("token"), "not.a.token");
    Files.writeString(folder.resolve("routes.yaml"), "- {host: a, target_audience: b}\n");

    for (String line : blocks("sh").stream().flatMap(String::lines).toList()) {
      String command = line.replaceFirst("\\s+#.*", "").replaceFirst("\\s*>.*", "").strip();
      List<String> words = List.of(command.split(" +"));
      assertThat(ROOT.resolve(words.getFirst())).isExecutable();
      if (words.getFirst().equals("bin/valetkey")) {
        assertRuns(words.subList(1, words.size()), file);
      }
    }
  }

  /**
   * What stays, or wants an issuer or a running sidecar, is only asked for its help; the others are
   * really run.
   */
  private void assertRuns(List<String> arguments, Path file) {
    List<String> words = new ArrayList<>();
    for (String word : arguments) {
      words.add(
          switch (word) {
            case "valetkey.yaml" -> file.toString();
            case "token", "routes.yaml" -> folder.resolve(word).toString();
            default -> word;
          });
    }
    boolean alone = !List.of("serve", "sessions", "webhook").contains(arguments.getFirst());
    if (!alone || arguments.contains("--online")) {
      words.add("--help");
    }
    int status = new Cli(Program.wiring()).run(words.toArray(String[]::new));
    assertThat(status).as(String.join(" ", arguments)).isZero();
  }

  @Test
  void refusalsAreThoseOfTheProgram() throws IOException {
    List<MatchResult> rows = matches("(?m)^\\| (\\d{3}) \\| ([^|]+) \\|");

    assertThat(rows).isNotEmpty();
    for (MatchResult row : rows) {
      int status = Integer.parseInt(row.group(1));
      for (String code : row.group(2).replace("`", "").split(", ")) {
        Reason reason = Reason.valueOf(code.strip().toUpperCase(Locale.ROOT));
        assertThat(entry(code, reason.status())).isEqualTo(entry(code, status));
      }
    }
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    assertThat(matches("\\]\\(([^)#:]+)\\)"))
        .isNotEmpty()
        .allSatisfy(link -> assertThat(ROOT.resolve(link.group(1))).exists());
  }

  private static List<String> blocks(String language) throws IOException {
    return matches("(?ms)^```" + language + "\\n(.*?)^```$").stream()
        .map(block -> block.group(1))
        .toList();
  }

  private static List<MatchResult> matches(String pattern) throws IOException {
    return Pattern.compile(pattern)
        .matcher(Files.readString(ROOT.resolve("README.md")))
        .results()
        .toList();
  }

  private static List<Map<?, ?>> podDocuments() throws IOException {
    List<Map<?, ?>> documents = new ArrayList<>();
    Load load = new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build());
    load.loadAllFromString(blocks("yaml").get(1))
        .forEach(document -> documents.add((Map<?, ?>) document));
    return documents;
  }

  private Config config(String text) throws IOException {
    ReadResult result = ConfigReader.read(write(text));
    assertThat(result).isInstanceOf(ReadResult.Loaded.class);
    ReadResult.Loaded loaded = (ReadResult.Loaded) result;
    assertThat(loaded.warnings()).isEmpty();
    return loaded.config();
  }

  private Path write(String text) throws IOException {
    Files.createDirectories(folder.resolve("secrets"));
    Files.writeString(folder.resolve("secrets/corp"), "CANARY-corp\n");
    return Files.writeString(folder.resolve("valetkey.yaml"), text);
  }

  private static String name(Map<?, ?> part) {
    return String.valueOf(part.get("name"));
  }

  private static Object at(Map<?, ?> map, String... path) {
    Object here = map;
    for (String key : path) {
      here = ((Map<?, ?>) here).get(key);
      assertThat(here).as(Arrays.toString(path)).isNotNull();
    }
    return here;
  }

  private static List<Map<?, ?>> maps(Object list) {
    List<Map<?, ?>> maps = new ArrayList<>();
    ((List<?>) list).forEach(element -> maps.add((Map<?, ?>) element));
    return maps;
  }
}
