package dev.valetkey.agents;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.MavenJar;
import dev.valetkey.testkit.NodePackages;
import dev.valetkey.testkit.PythonPackages;
import dev.valetkey.testkit.Repository;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What an agent is written in, and the ways in which it can call an MCP server. */
enum Language {
  PYTHON(
      List.of(
          "mcp",
          "shared_mcp",
          "requests",
          "httpx",
          "httpx2",
          "aiohttp",
          "urllib",
          "create_task",
          "to_thread",
          "run_in_executor",
          "thread_pool",
          "thread",
          "background_task"),
      List.of("worker", "curl"),
      List.of("late_worker")),
  NODE(
      List.of("mcp", "shared_mcp", "fetch", "axios", "setTimeout", "promise"),
      List.of("worker"),
      List.of("late_worker")),
  JAVA(
      List.of("mcp", "send", "send_async", "pool", "virtual_thread", "completable_future"),
      List.of("worker", "late_worker"),
      List.of());

  private static final Path SCRIPTS = Repository.root().resolve("server/src/test/resources/agents");

  private static final String OPEN_TELEMETRY =
      "io.opentelemetry.javaagent:opentelemetry-javaagent:2.33.1";

  private final List<String> keeping;
  private final List<String> losing;
  private final List<String> sticking;

  Language(List<String> keeping, List<String> losing, List<String> sticking) {
    this.keeping = keeping;
    this.losing = losing;
    this.sticking = sticking;
  }

  /** Ways in which OpenTelemetry brings the user's context along. */
  List<String> keeping() {
    return keeping;
  }

  /** Ways in which it does not. */
  List<String> losing() {
    return losing;
  }

  /** Ways in which it brings along the context of the first who asked in this way. */
  List<String> sticking() {
    return sticking;
  }

  /**
   * Starts the agent; it listens a little later.
   *
   * @param folder for what it writes
   * @throws IllegalStateException where this language cannot run
   */
  Child start(Path folder, int port, Telemetry telemetry) {
    Map<String, String> environment = new HashMap<>(telemetry.environment());
    List<String> command = new ArrayList<>();
    switch (this) {
      case PYTHON -> {
        Path packages = PythonPackages.folder(SCRIPTS.resolve("python/requirements.lock"));
        environment.put("PYTHONPATH", packages.toString());
        environment.put("PYTHONDONTWRITEBYTECODE", "1");
        if (telemetry.isOn()) {
          command.addAll(List.of("python3", packages + "/bin/opentelemetry-instrument"));
        }
        command.addAll(List.of("python3", "-m", "uvicorn", "agent:app", "--log-level", "warning"));
        command.addAll(List.of("--app-dir", SCRIPTS.resolve("python").toString()));
        command.addAll(List.of("--port", String.valueOf(port)));
      }
      case NODE -> {
        Path modules = NodePackages.modules(SCRIPTS.resolve("node"));
        environment.put("NODE_PATH", modules.toString());
        command.add(node(modules));
        if (telemetry.isOn()) {
          command.addAll(
              List.of("--require", "@opentelemetry/auto-instrumentations-node/register"));
        }
        command.addAll(List.of(SCRIPTS.resolve("node/agent.cjs").toString(), String.valueOf(port)));
      }
      case JAVA -> {
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (telemetry.isOn()) {
          command.add("-javaagent:" + MavenJar.of(OPEN_TELEMETRY));
        }
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.addAll(List.of(JavaProgram.class.getName(), String.valueOf(port)));
      }
    }
    return Child.start(name().toLowerCase(), folder, environment, command);
  }

  private static String node(Path modules) {
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
    Path node = modules.resolve("node-linux-" + machine + "/bin/node");
    if (!Files.isExecutable(node)) {
      throw new IllegalStateException("npm has no Node 22 for " + machine);
    }
    return node.toString();
  }
}
