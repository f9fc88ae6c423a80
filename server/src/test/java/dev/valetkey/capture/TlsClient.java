package dev.valetkey.capture;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.NodePackages;
import dev.valetkey.testkit.PodNetwork;
import dev.valetkey.testkit.PythonPackages;
import dev.valetkey.testkit.Repository;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The TLS clients that agents are made with, each a program that makes one MCP call and prints the
 * answer. Their versions are pinned beside their scripts, or they are this machine's.
 */
enum TlsClient {
  CURL("curl: \\(60\\)"),
  REQUESTS("CERTIFICATE_VERIFY_FAILED"),
  HTTPX("CERTIFICATE_VERIFY_FAILED"),
  HTTPX2("CERTIFICATE_VERIFY_FAILED"),
  AIOHTTP("CERTIFICATE_VERIFY_FAILED"),
  URLLIB("CERTIFICATE_VERIFY_FAILED"),
  NODE("SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF"),
  NODE_22("SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF"),
  GO("x509: certificate signed by unknown authority"),
  JAVA("unable to find valid certification path");

  private static final Path SCRIPTS = Repository.root().resolve("server/src/test/resources/trust");
  private static final String WHOAMI =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\"}}";

  private final String distrust;

  TlsClient(String distrust) {
    this.distrust = distrust;
  }

  /** What it says, as a regular expression, when it does not trust the server. */
  String distrust() {
    return distrust;
  }

  /**
   * Makes the call in the pod. Skips the test where this client is missing, or fails it under
   * {@code -Dvaletkey.test.strict=true}.
   *
   * @param folder for what is built and printed
   * @param environment all that there is of it, beside what finds programs
   */
  Child call(
      PodNetwork pod, Path folder, Map<String, String> environment, String url, String token) {
    try {
      List<String> command = command(folder, environment, url, token);
      return Child.start("call", folder, Map.of(), pod.asRoot(command));
    } catch (IllegalStateException cannotRun) {
      if (Boolean.getBoolean("valetkey.test.strict")) {
        throw cannotRun;
      }
      return abort(this + " cannot run here: " + cannotRun.getMessage());
    }
  }

  private List<String> command(
      Path folder, Map<String, String> environment, String url, String token) {
    List<String> command =
        new ArrayList<>(
            List.of("env", "-i", "PATH=" + System.getenv("PATH"), "HOME=" + folder, "LANG=C"));
    environment.forEach((name, value) -> command.add(name + "=" + value));
    switch (this) {
      case CURL -> command.addAll(curl(url, token));
      case REQUESTS, HTTPX, HTTPX2, AIOHTTP, URLLIB -> {
        Path packages = PythonPackages.folder(SCRIPTS.resolve("python/requirements.lock"));
        command.addAll(List.of("PYTHONPATH=" + packages, "PYTHONDONTWRITEBYTECODE=1"));
        String script = SCRIPTS.resolve("python/call.py").toString();
        command.addAll(List.of(python(), script, name().toLowerCase(Locale.ROOT), url, token));
      }
      case NODE, NODE_22 -> {
        String script = SCRIPTS.resolve("node/call.mjs").toString();
        command.addAll(List.of(this == NODE ? "node" : node22(), script, url, token));
      }
      case GO -> command.addAll(List.of(go(folder), url, token));
      case JAVA -> {
        String java = Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
        String script = SCRIPTS.resolve("java/Call.java").toString();
        command.addAll(List.of(java, script, url, token));
      }
    }
    return command;
  }

  private static List<String> curl(String url, String token) {
    return List.of(
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "30",
        "--header",
        "Authorization: Bearer " + token,
        "--header",
        "Content-Type: application/json",
        "--header",
        "Accept: application/json, text/event-stream",
        "--data",
        WHOAMI,
        url);
  }

  /** Where it is: a launcher that finds it by the user's home would find none. */
  private static String python() {
    return Child.run(List.of("python3", "-c", "import sys; print(sys.executable)")).strip();
  }

  private static String node22() {
    String machine = System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "x64";
    return NodePackages.modules(SCRIPTS.resolve("node"))
        .resolve("node-linux-" + machine + "/bin/node")
        .toString();
  }

  private static String go(Path folder) {
    Path program = folder.resolve("call");
    try {
      Child.run(
          Duration.ofMinutes(5),
          Map.of("GOFLAGS", "", "GO111MODULE", "off"),
          List.of(
              "go", "build", "-o", program.toString(), SCRIPTS.resolve("go/call.go").toString()));
    } catch (UncheckedIOException missing) {
      throw new IllegalStateException("there is no go on the PATH", missing);
    }
    return program.toString();
  }
}
