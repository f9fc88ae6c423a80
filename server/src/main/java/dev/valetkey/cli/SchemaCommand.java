package dev.valetkey.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code valetkey schema}. */
@Command(
    name = "schema",
    description = "Print the JSON Schema of the configuration file, for editors and CI.")
final class SchemaCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Wiring wiring;

  SchemaCommand(Terminal terminal, Wiring wiring) {
    this.terminal = terminal;
    this.wiring = wiring;
  }

  @Override
  public Integer call() {
    terminal.out().println(wiring.schema().get().stripTrailing());
    return ExitStatus.FINE;
  }
}
