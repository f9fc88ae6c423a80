package dev.valetkey.cli;

import dev.valetkey.config.ReadResult;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * What the commands need from the rest of the program. Nothing here is touched before a command
 * asks for it, so that a sidecar pays for nothing else.
 *
 * @param configs reads configuration files
 * @param schema the JSON Schema of the file
 * @param server runs a sidecar
 * @param online tries the issuers, for {@code check --online}
 * @param explainer explains a call without a running sidecar
 */
public record Wiring(
    ConfigSource configs,
    Supplier<String> schema,
    Server server,
    OnlineCheck online,
    OfflineExplainer explainer) {

  /** Reads a configuration file. */
  @FunctionalInterface
  public interface ConfigSource {
    ReadResult load(Path file);
  }

  /** Runs a sidecar until it is told to stop. */
  @FunctionalInterface
  public interface Server {
    /**
     * The exit status: 0 after a stop, 1 when it could not run, 2 when the file is not in order.
     */
    int serve(Path file);
  }
}
