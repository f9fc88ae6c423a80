package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.cli.bootstrap.NftRuleset;
import dev.valetkey.config.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code valetkey bootstrap}: what the other containers of a pod begin with, from the one file that
 * the pod has. Run to its end before they start.
 */
@Command(
    name = "bootstrap",
    description = {
      "Write what Envoy and nft read into a folder: envoy.yaml, as \"valetkey envoy\" prints it,",
      "and capture.nft, as \"valetkey nft\" does."
    })
final class BootstrapCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Wiring wiring;

  @Parameters(paramLabel = "FILE", description = "Configuration.")
  private @Nullable Path file;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      description = "One of: ${COMPLETION-CANDIDATES}; default: capture.")
  private Layout layout = Layout.capture;

  @Option(names = "--folder", required = true, paramLabel = "FOLDER", description = "Exists.")
  private @Nullable Path folder;

  BootstrapCommand(Terminal terminal, Wiring wiring) {
    this.terminal = terminal;
    this.wiring = wiring;
  }

  /** The layouts to which a ruleset belongs, spelled as users write them. */
  enum Layout {
    capture,
    intercept
  }

  @Override
  public Integer call() {
    return terminal.with(wiring.configs().load(requireNonNull(file)), this::write);
  }

  private int write(Config config) {
    if (layout == Layout.intercept && config.intercept() == null) {
      terminal.err().println("the layout intercept needs a section intercept in " + file);
      return ExitStatus.BAD_USE;
    }
    String bootstrap =
        switch (layout) {
          case capture -> CaptureBootstrap.capture(config);
          case intercept -> CaptureBootstrap.intercept(config);
        };
    try {
      write("envoy.yaml", bootstrap);
      write("capture.nft", NftRuleset.print(config));
      return ExitStatus.FINE;
    } catch (IOException e) {
      terminal.err().println("cannot write: " + e.getMessage());
      return ExitStatus.FAILED;
    }
  }

  /** Readable to everybody: Envoy is another user, and root without capabilities is one too. */
  private void write(String name, String text) throws IOException {
    Path written = Files.writeString(requireNonNull(folder).resolve(name), text);
    Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-r--r--"));
  }
}
