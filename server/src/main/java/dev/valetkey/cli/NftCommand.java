package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.cli.bootstrap.NftRuleset;
import dev.valetkey.config.ReadResult;
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
    return switch (wiring.configs().load(requireNonNull(file))) {
      case ReadResult.Problems bad -> {
        terminal.problems(bad.problems());
        yield ExitStatus.BAD_USE;
      }
      case ReadResult.Loaded good -> {
        good.warnings().forEach(terminal.err()::println);
        terminal.out().print(NftRuleset.print(good.config()));
        yield ExitStatus.FINE;
      }
    };
  }
}
