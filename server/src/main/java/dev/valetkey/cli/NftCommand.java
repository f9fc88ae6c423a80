package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.cli.bootstrap.NftRuleset;
import dev.valetkey.config.Config;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code valetkey nft}. */
@Command(
    name = "nft",
    description = "Print the nftables ruleset for the layouts capture and intercept.")
final class NftCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Wiring wiring;

  @Parameters(paramLabel = "FILE", description = "Configuration.")
  private @Nullable Path file;

  NftCommand(Terminal terminal, Wiring wiring) {
    this.terminal = terminal;
    this.wiring = wiring;
  }

  @Override
  public Integer call() {
    return terminal.with(wiring.configs().load(requireNonNull(file)), this::print);
  }

  private int print(Config config) {
    terminal.out().print(NftRuleset.print(config));
    return ExitStatus.FINE;
  }
}
