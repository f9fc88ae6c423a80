package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import com.google.gson.JsonObject;
import dev.valetkey.admin.AdminClient;
import dev.valetkey.admin.Explanation;
import dev.valetkey.config.ReadResult;
import dev.valetkey.token.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code valetkey explain}. */
@Command(
    name = "explain",
    description = "Say what would happen to a call and why. Never asks an issuer for a token.",
    footer = {
      "",
      "The user token is read from --token-file, else from standard input unless that is a terminal."
    })
final class ExplainCommand implements Callable<Integer> {
  /** More than any header that Envoy lets through. */
  private static final int MAX_TOKEN = 64 * 1024;

  private static final String SCHEME = "bearer ";

  private final Terminal terminal;
  private final Wiring wiring;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      arity = "1..2",
      paramLabel = "FILE URL",
      hideParamSyntax = true,
      description =
          "Configuration, and the URL that the agent would call. With --socket the URL alone.")
  private List<String> fileAndUrl = List.of();

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Where the user token is; '-': standard input.")
  private @Nullable Path tokenFile;

  @Option(names = "--method", paramLabel = "METHOD", description = "Default: ${DEFAULT-VALUE}.")
  private String method = "POST";

  @Option(
      names = "--header",
      paramLabel = "'NAME: VALUE'",
      description = "A further header of the call; may be repeated.")
  private List<String> headers = List.of();

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description = "Ask the running sidecar that has this admin socket.")
  private @Nullable Path socket;

  @Option(names = "--json", description = "For machines.")
  private boolean json;

  ExplainCommand(Terminal terminal, Wiring wiring) {
    this.terminal = terminal;
    this.wiring = wiring;
  }

  @Override
  public Integer call() {
    if (socket == null && fileAndUrl.size() < 2) {
      throw badUse("FILE and URL are needed, or --socket and URL.");
    }
    Secret userToken;
    try {
      userToken = userToken();
    } catch (IOException unreadable) {
      terminal.err().println("cannot read the user token: " + unreadable.getMessage());
      return ExitStatus.BAD_USE;
    }
    Explanation.Question question =
        new Explanation.Question(
            method.toUpperCase(Locale.ROOT), fileAndUrl.getLast(), userToken, headers());
    return socket == null ? askConfiguration(question) : askSidecar(socket, question);
  }

  private int askConfiguration(Explanation.Question question) {
    return switch (wiring.configs().load(Path.of(fileAndUrl.getFirst()))) {
      case ReadResult.Problems bad -> {
        terminal.problems(bad.problems());
        yield ExitStatus.BAD_USE;
      }
      case ReadResult.Loaded good -> print(wiring.explainer().explain(good.config(), question));
    };
  }

  private int askSidecar(Path admin, Explanation.Question question) {
    try (AdminClient client = AdminClient.of(admin)) {
      return print(client.explain(question));
    } catch (IOException unreachable) {
      terminal.err().println(unreachable.getMessage());
      return ExitStatus.FAILED;
    }
  }

  private @Nullable Secret userToken() throws IOException {
    byte[] bytes;
    if (tokenFile != null && !tokenFile.toString().equals("-")) {
      try (InputStream in = Files.newInputStream(tokenFile)) {
        bytes = in.readNBytes(MAX_TOKEN + 1);
      }
    } else if (tokenFile != null || !terminal.interactive()) {
      bytes = terminal.in().readNBytes(MAX_TOKEN + 1);
    } else {
      return null;
    }
    if (bytes.length > MAX_TOKEN) {
      throw new IOException("more than " + MAX_TOKEN + " bytes");
    }
    String text = new String(bytes, StandardCharsets.UTF_8).strip();
    if (text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      text = text.substring(SCHEME.length()).strip();
    }
    return text.isEmpty() ? null : Secret.of(text);
  }

  private Map<String, String> headers() {
    Map<String, String> byName = new LinkedHashMap<>();
    for (String header : headers) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw badUse("A header is written 'NAME: VALUE'.");
      }
      byName.put(
          header.substring(0, colon).strip().toLowerCase(Locale.ROOT),
          header.substring(colon + 1).strip());
    }
    return byName;
  }

  private int print(Explanation explanation) {
    if (json) {
      JsonObject answer = new JsonObject();
      answer.addProperty("decision", explanation.forwarded() ? "forward" : "refuse");
      if (!explanation.forwarded()) {
        answer.addProperty("reason", explanation.reason());
        answer.addProperty("http_status", explanation.httpStatus());
      }
      JsonObject lines = new JsonObject();
      explanation.lines().forEach(line -> lines.addProperty(line.name(), line.value()));
      answer.add("lines", lines);
      terminal.print(answer);
    } else {
      explanation
          .lines()
          .forEach(line -> terminal.out().printf("%-10s%s%n", line.name(), line.value()));
    }
    return ExitStatus.FINE;
  }

  private ParameterException badUse(String message) {
    return new ParameterException(requireNonNull(spec).commandLine(), message);
  }
}
