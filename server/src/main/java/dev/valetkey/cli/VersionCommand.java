package dev.valetkey.cli;

import com.google.gson.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code valetkey version}. */
@Command(name = "version", description = "Print the version.")
final class VersionCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Option(names = "--json", description = "For machines.")
  private boolean json;

  VersionCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (json) {
      JsonObject answer = new JsonObject();
      answer.addProperty("version", version());
      answer.addProperty("java", Runtime.version().toString());
      terminal.print(answer);
    } else {
      terminal.out().println("valetkey " + version());
    }
    return ExitStatus.FINE;
  }

  /** As the jar's manifest says; {@code development} where the classes do not come from the jar. */
  private static String version() {
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
