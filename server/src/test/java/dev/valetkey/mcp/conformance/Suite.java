package dev.valetkey.mcp.conformance;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.NodePackages;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The conformance tool with the Node it needs, in the versions that are pinned beside its scripts.
 *
 * @param modules the folder with the packages
 */
record Suite(Path modules) {
  private static final Path SCRIPTS =
      Repository.root().resolve("server/src/test/resources/mcp/conformance");
  private static final Duration PATIENCE = Duration.ofSeconds(80);

  /**
   * A run of the tool.
   *
   * @param status 0: nothing that counts has failed
   * @param output what it printed
   */
  record Run(int status, List<Verdict> verdicts, String output) {
    List<Verdict> faults() {
      return verdicts.stream().filter(Verdict::isFault).toList();
    }

    List<Verdict> passes() {
      return verdicts.stream().filter(Verdict::isPass).toList();
    }
  }

  /** Fetches it if need be; the test is skipped where that does not work, unless in CI. */
  static Suite find() {
    try {
      Suite suite = new Suite(NodePackages.modules(SCRIPTS));
      if (!Files.isExecutable(suite.node())) {
        throw new IllegalStateException("npm has no Node 22 for " + System.getProperty("os.arch"));
      }
      return suite;
    } catch (IllegalStateException cannotRun) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannotRun;
      }
      return abort("the conformance suite cannot run here: " + cannotRun.getMessage());
    }
  }

  /** Judges a server by what a revision of the protocol requires of it. */
  Run server(String url, String revision, Path folder) {
    return run(folder, "server", "--url", url, "--requirements", revision);
  }

  /**
   * Judges a client, which is started with the address of the suite's server added.
   *
   * @param revision of the protocol; extensions belong to none of them and run in all
   */
  Run client(String command, String scenario, String revision, Path folder) {
    String timeout = String.valueOf(PATIENCE.minusSeconds(10).toMillis());
    return run(
        folder,
        "client",
        "--command",
        command,
        "--scenario",
        scenario,
        "--spec-version",
        revision,
        "--force",
        "--timeout",
        timeout);
  }

  /** The command line of one of our scripts. */
  List<String> script(String name, String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(node().toString(), SCRIPTS.resolve(name).toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** What our scripts need to know. */
  Map<String, String> environment() {
    return Map.of("NODE_MODULES", modules.toString());
  }

  private Path node() {
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
    return modules.resolve("node-linux-" + machine + "/bin/node");
  }

  private Run run(Path folder, String... arguments) {
    Path tool = modules.resolve("@modelcontextprotocol/conformance/dist/index.js");
    Path results = folder.resolve("results");
    List<String> command = new ArrayList<>(List.of(node().toString(), tool.toString()));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--output-dir", results.toString()));
    try (Child child = Child.start("conformance", folder, environment(), command)) {
      int status = child.awaitExit(PATIENCE);
      return new Run(status, verdicts(results), child.out() + child.err());
    }
  }

  private static List<Verdict> verdicts(Path results) {
    try (Stream<Path> files = Files.walk(results)) {
      return files
          .filter(file -> file.endsWith("checks.json"))
          .flatMap(file -> verdicts(scenario(results, file), file))
          .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The folder is called after the scenario and the time. */
  private static String scenario(Path results, Path file) {
    String name = results.relativize(file.getParent()).toString();
    return name.replaceFirst("^server-", "").replaceFirst("-\\d{4}-\\d\\d-\\d\\dT.*$", "");
  }

  private static Stream<Verdict> verdicts(String scenario, Path file) {
    try {
      Object checks = Json.object("{\"checks\":" + Files.readString(file) + "}").get("checks");
      return checks instanceof List<?> list
          ? list.stream()
              .map(check -> verdict(scenario, Json.object(Json.text(check))))
              .filter(verdict -> !verdict.status().equals("INFO"))
          : Stream.empty();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static Verdict verdict(String scenario, Map<String, Object> check) {
    return new Verdict(
        scenario,
        String.valueOf(check.get("id")),
        String.valueOf(check.get("status")),
        Json.text(check, "errorMessage"));
  }
}
