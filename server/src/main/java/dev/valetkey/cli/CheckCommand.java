package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.valetkey.config.AuthBridgeRoutes;
import dev.valetkey.config.Config;
import dev.valetkey.config.Problem;
import dev.valetkey.config.ReadResult;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code valetkey check}. */
@Command(name = "check", description = "Read a configuration file and say what it means.")
final class CheckCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Wiring wiring;

  @Parameters(paramLabel = "FILE", description = "Configuration.")
  private @Nullable Path file;

  @Option(
      names = "--online",
      description = "Also try discovery, keys and client authentication of every issuer.")
  private boolean online;

  @Option(
      names = "--from-authbridge",
      description = "FILE is AuthBridge's routes file: print what it says as a configuration.")
  private boolean fromAuthBridge;

  @Option(names = "--json", description = "For machines.")
  private boolean json;

  CheckCommand(Terminal terminal, Wiring wiring) {
    this.terminal = terminal;
    this.wiring = wiring;
  }

  @Override
  public Integer call() {
    if (fromAuthBridge) {
      return translated(AuthBridgeRoutes.translate(requireNonNull(file)));
    }
    return switch (wiring.configs().load(requireNonNull(file))) {
      case ReadResult.Problems bad -> bad(bad.problems());
      case ReadResult.Loaded good -> good(good);
    };
  }

  private int bad(List<Problem> problems) {
    if (json) {
      JsonObject answer = new JsonObject();
      answer.addProperty("good", false);
      answer.add("problems", lines(problems));
      terminal.print(answer);
    } else {
      terminal.problems(problems);
    }
    return ExitStatus.BAD_USE;
  }

  private int translated(AuthBridgeRoutes.Translation translation) {
    boolean lossless = translation.problems().isEmpty();
    if (json) {
      JsonObject answer = new JsonObject();
      answer.addProperty("good", lossless);
      answer.add("problems", lines(translation.problems()));
      answer.addProperty("configuration", translation.yaml());
      terminal.print(answer);
    } else {
      terminal.out().print(translation.yaml());
      terminal.problems(translation.problems());
    }
    return lossless ? ExitStatus.FINE : ExitStatus.BAD_USE;
  }

  private int good(ReadResult.Loaded good) {
    Config config = good.config();
    Meaning meaning = Meaning.of(config);
    List<OnlineCheck.Finding> findings = online ? wiring.online().check(config) : List.of();
    if (json) {
      JsonObject answer = new JsonObject();
      answer.addProperty("good", true);
      answer.add("warnings", lines(good.warnings()));
      tree(meaning).getAsJsonObject().asMap().forEach(answer::add);
      if (online) {
        answer.add("findings", tree(findings));
      }
      terminal.print(answer);
    } else {
      good.warnings().forEach(terminal.err()::println);
      print(meaning, terminal.out());
      print(findings, terminal.out());
    }
    return findings.stream().allMatch(OnlineCheck.Finding::good)
        ? ExitStatus.FINE
        : ExitStatus.FAILED;
  }

  private static JsonElement lines(List<?> lines) {
    return tree(lines.stream().map(Object::toString).toList());
  }

  private static JsonElement tree(Object value) {
    return new Gson().toJsonTree(value);
  }

  private static void print(Meaning meaning, PrintWriter out) {
    print("issuers", meaning.issuers(), out);
    print("users", meaning.users(), out);
    print("pod", meaning.pod(), out);
    out.println("servers");
    for (Meaning.Server server : meaning.servers()) {
      out.println("  " + server.name());
      print("where", server.where(), out);
      print("who", server.who(), out);
      print("how", server.how(), out);
      print("for", server.target(), out);
      print("expect", server.expect(), out);
    }
    out.println("other hosts");
    out.println("  " + meaning.unlisted());
  }

  private static void print(String title, List<Meaning.Line> lines, PrintWriter out) {
    if (!lines.isEmpty()) {
      out.println(title);
      lines.forEach(line -> out.println("  " + line.name() + "  " + line.text()));
    }
  }

  private static void print(String name, String text, PrintWriter out) {
    if (!text.isEmpty()) {
      out.println("    " + name + " ".repeat(8 - name.length()) + text);
    }
  }

  private static void print(List<OnlineCheck.Finding> findings, PrintWriter out) {
    if (!findings.isEmpty()) {
      out.println("online");
    }
    for (OnlineCheck.Finding finding : findings) {
      out.println(
          "  "
              + finding.issuer()
              + "  "
              + finding.step()
              + ": "
              + (finding.good() ? "" : "FAILED, ")
              + finding.detail());
    }
  }
}
