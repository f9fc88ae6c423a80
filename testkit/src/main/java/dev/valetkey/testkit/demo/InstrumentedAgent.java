package dev.valetkey.testkit.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.PodNetwork;
import dev.valetkey.testkit.PythonPackages;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A Python agent under OpenTelemetry's automatic instrumentation ({@code agent/agent.py}), a
 * process of the pod's. It knows nothing of valetkey.
 */
final class InstrumentedAgent implements AutoCloseable {
  static final int PORT = 8080;

  /** Of the agent's account at its language model: its own secret, which is none of ours. */
  static final String MODEL_KEY = "sk-CANARY-of-the-agent-itself";

  private static final List<String> PATH = List.of("/usr/local/bin", "/usr/bin", "/bin");

  private final Child process;
  private final String code;

  private InstrumentedAgent(Child process, String code) {
    this.process = process;
    this.code = code;
  }

  /**
   * Starts it; it listens a little later.
   *
   * @param folder that every uid can enter, for its code and packages
   */
  static InstrumentedAgent start(PodNetwork network, Path folder, String modelUrl) {
    String code = install(folder, "agent.py");
    install(folder, "requirements.lock");
    Path packages = folder.resolve("packages");
    // The cache lies in root's home, which the agent cannot enter.
    Path cached = PythonPackages.folder(folder.resolve("requirements.lock"), python());
    Child.run(List.of("cp", "-r", cached.toString(), packages.toString()));
    Child.run(List.of("chmod", "-R", "a+rX", packages.toString()));
    List<String> command =
        List.of(
            "env",
            "-i", // what it inherits from a demo says nothing about a pod
            "PATH=" + String.join(":", PATH),
            "LANG=C.UTF-8",
            "PYTHONPATH=" + packages,
            "OTEL_TRACES_EXPORTER=none",
            "OTEL_METRICS_EXPORTER=none",
            "OTEL_LOGS_EXPORTER=none",
            "MODEL_URL=" + modelUrl,
            "MODEL_KEY=" + MODEL_KEY,
            python(),
            packages + "/bin/opentelemetry-instrument",
            python(),
            "-m",
            "uvicorn",
            "agent:app",
            "--app-dir",
            folder.toString(),
            "--port",
            String.valueOf(PORT),
            "--log-level",
            "warning");
    Child process =
        Child.start("agent", folder, Map.of(), network.as(Pod.AGENT, Pod.AGENT, command));
    return new InstrumentedAgent(process, code);
  }

  /** A Python that every uid can run; the first on our own PATH may lie in root's home. */
  static String python() {
    return PATH.stream()
        .map(folder -> Path.of(folder, "python3"))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("there is no python3 in " + PATH));
  }

  Child process() {
    return process;
  }

  /** Its program's text. */
  String code() {
    return code;
  }

  /** The names in its environment, and what they hold, as the kernel tells. */
  List<String> environment() {
    return Stream.of(kernel("environ").split("\0")).toList();
  }

  /** The uid under which it runs, as the kernel tells. */
  String uid() {
    return kernel("status")
        .lines()
        .filter(line -> line.startsWith("Uid:"))
        .map(line -> line.split("\t", 3)[1])
        .findFirst()
        .orElse("");
  }

  /**
   * The headers of every call of a user's that has reached it, oldest first; names in lower case.
   */
  List<Map<String, Object>> heard() {
    return printed("headers");
  }

  /** Has it do a job that no user has asked for; gives what came of it. */
  Map<String, Object> nightlyJob() {
    int before = printed("nightly").size();
    process.signal("USR1");
    process.await(
        Duration.ofMinutes(2), "end of the nightly job", () -> printed("nightly").size() > before);
    return printed("nightly").getLast();
  }

  /** All that it printed. */
  String printed() {
    return process.out() + process.err();
  }

  @Override
  public void close() {
    process.close();
  }

  private List<Map<String, Object>> printed(String member) {
    return process
        .out()
        .lines()
        .map(Json::object)
        .filter(line -> line.containsKey(member))
        .map(line -> Json.object(line, member))
        .toList();
  }

  private String kernel(String file) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(process.pid()), file), UTF_8);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  private static String install(Path folder, String name) {
    try (InputStream resource = InstrumentedAgent.class.getResourceAsStream("agent/" + name)) {
      if (resource == null) {
        throw new IllegalStateException("testkit.jar has no " + name);
      }
      String text = new String(resource.readAllBytes(), UTF_8);
      Files.writeString(folder.resolve(name), text);
      return text;
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }
}
