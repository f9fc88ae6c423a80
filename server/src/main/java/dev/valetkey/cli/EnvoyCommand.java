package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.cli.bootstrap.ProxyBootstrap;
import dev.valetkey.config.Config;
import dev.valetkey.config.ReadResult;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code valetkey envoy}. */
@Command(
    name = "envoy",
    description = "Print the complete Envoy bootstrap for a configuration file.")
final class EnvoyCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Wiring wiring;

  @Parameters(paramLabel = "FILE", description = "Configuration.")
  private @Nullable Path file;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      description = "One of: ${COMPLETION-CANDIDATES}; default: gateway.")
  private Layout layout = Layout.gateway;

  EnvoyCommand(Terminal terminal, Wiring wiring) {
    this.terminal = terminal;
    this.wiring = wiring;
  }

  /** Shapes of the configuration, spelled as users write them. */
  enum Layout {
    gateway,
    capture,
    intercept,
    proxy
  }

  @Override
  public Integer call() {
    return switch (wiring.configs().load(requireNonNull(file))) {
      case ReadResult.Problems bad -> {
        terminal.problems(bad.problems());
        yield ExitStatus.BAD_USE;
      }
      case ReadResult.Loaded good -> {
        good.warnings().forEach(terminal.err()::println);
        yield print(good.config());
      }
    };
  }

  private int print(Config config) {
    if (layout == Layout.intercept && config.intercept() == null) {
      terminal.err().println("the layout intercept needs a section intercept in " + file);
      return ExitStatus.BAD_USE;
    }
    terminal.out().print(bootstrap(config));
    return ExitStatus.FINE;
  }

  private String bootstrap(Config config) {
    return switch (layout) {
      case gateway -> GatewayBootstrap.print(config);
      case capture -> CaptureBootstrap.capture(config);
      case intercept -> CaptureBootstrap.intercept(config);
      case proxy -> ProxyBootstrap.print(config);
    };
  }
}
