package dev.valetkey.mcp;

import dev.valetkey.mcp.Attempt.Outcome;
import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.NodePackages;
import dev.valetkey.testkit.PythonPackages;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The official MCP SDKs, in the versions that are pinned beside their scripts or in the pom. */
enum Sdk {
  JAVA,
  TYPESCRIPT,
  PYTHON;

  private static final Path SCRIPTS = Repository.root().resolve("server/src/test/resources/mcp");
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  /**
   * Makes all attempts, one after another.
   *
   * @param folder for its files
   * @param port Envoy's
   * @throws IllegalStateException where this language cannot run
   */
  Map<String, Outcome> run(Path folder, int port, List<Attempt> attempts) {
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    switch (this) {
      case JAVA ->
          attempts.forEach(
              attempt -> outcomes.put(attempt.name(), new JavaAgent(port).run(attempt)));
      case TYPESCRIPT -> {
        Path modules = NodePackages.modules(SCRIPTS.resolve("node"));
        String script = SCRIPTS.resolve("node/client.mjs").toString();
        Map<String, String> environment = Map.of("NODE_MODULES", modules.toString());
        outcomes.putAll(script(folder, environment, attempts, "node", script));
      }
      case PYTHON -> {
        Path packages = PythonPackages.folder(SCRIPTS.resolve("python/requirements.lock"));
        String script = SCRIPTS.resolve("python/client.py").toString();
        Map<String, String> environment =
            Map.of("PYTHONPATH", packages.toString(), "PYTHONDONTWRITEBYTECODE", "1");
        outcomes.putAll(script(folder, environment, attempts, "python3", script));
      }
    }
    return outcomes;
  }

  private static Map<String, Outcome> script(
      Path folder,
      Map<String, String> environment,
      List<Attempt> attempts,
      String program,
      String script) {
    Path file = folder.resolve("attempts.json");
    StringBuilder lines = new StringBuilder();
    attempts.forEach(attempt -> lines.append(Json.text(attempt.members())).append('\n'));
    write(file, lines.toString());
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    try (Child child =
        Child.start("agent", folder, environment, List.of(program, script, file.toString()))) {
      int status = child.awaitExit(PATIENCE);
      if (status != 0) {
        throw new AssertionError(program + " ended with " + status + "\n" + child.err());
      }
      child
          .out()
          .lines()
          .map(Json::object)
          .forEach(line -> outcomes.put(String.valueOf(line.get("name")), outcome(line)));
    }
    return outcomes;
  }

  private static Outcome outcome(Map<String, Object> line) {
    return new Outcome(
        Json.texts(line.get("tools")),
        Json.object(line, "whoami"),
        Boolean.TRUE.equals(line.get("pushed")),
        Json.text(line, "error"),
        Json.texts(line.get("did")));
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException cannotWrite) {
      throw new UncheckedIOException(cannotWrite);
    }
  }
}
