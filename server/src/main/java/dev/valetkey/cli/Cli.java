package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import java.io.Console;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command line: one class for each command, and the exit status of config.md for all of them.
 */
public final class Cli {
  private static final String DEFAULT_FILE = "/etc/valetkey/valetkey.yaml";

  private final Wiring wiring;

  public Cli(Wiring wiring) {
    this.wiring = wiring;
  }

  /**
   * Runs the command that {@code args} name, on the process's own streams, and says how the process
   * shall exit.
   */
  public int run(String... args) {
    if (isPlainServe(args)) {
      // The command line library costs a sidecar more start-up time than everything else before the
      // socket opens.
      return wiring.server().serve(Path.of(args.length == 2 ? args[1] : DEFAULT_FILE));
    }
    return run(
        System.in,
        atTerminal(),
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        args);
  }

  /** The same on other streams; {@code interactive} says whether a person sits at {@code in}. */
  int run(InputStream in, boolean interactive, PrintWriter out, PrintWriter err, String... args) {
    Terminal terminal = new Terminal(in, interactive, out, err);
    CommandLine line =
        new CommandLine(new Root())
            .addSubcommand(new ServeCommand(wiring.server()))
            .addSubcommand(new CheckCommand(terminal, wiring))
            .addSubcommand(new EnvoyCommand(terminal, wiring))
            .addSubcommand(new NftCommand(terminal, wiring))
            .addSubcommand(new BootstrapCommand(terminal, wiring))
            .addSubcommand(new ExplainCommand(terminal, wiring))
            .addSubcommand(new SessionsCommand(terminal))
            .addSubcommand(new SchemaCommand(terminal, wiring))
            .addSubcommand(new WebhookCommand(terminal))
            .addSubcommand(new VersionCommand(terminal))
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(Cli::badUse)
            .setExecutionExceptionHandler((bug, where, parsed) -> failed(bug, err));
    int status = line.execute(args);
    out.flush();
    err.flush();
    return status;
  }

  @SuppressWarnings(
      "SystemConsoleNull") // JDK 25 gives null again where standard input is no terminal
  private static boolean atTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private static boolean isPlainServe(String[] args) {
    return args.length > 0
        && args[0].equals("serve")
        && (args.length == 1 || (args.length == 2 && !args[1].startsWith("-")));
  }

  private static int badUse(ParameterException bad, String[] args) {
    CommandLine where = bad.getCommandLine();
    where.getErr().println(bad.getMessage());
    where.getErr().println("Try: " + where.getCommandSpec().qualifiedName() + " --help");
    return ExitStatus.BAD_USE;
  }

  /** A bug: its kind and place, never its message, which may hold what was read. */
  private static int failed(Exception bug, PrintWriter err) {
    StackTraceElement[] trace = bug.getStackTrace();
    err.println(
        "internal error: "
            + bug.getClass().getName()
            + (trace.length == 0 ? "" : " at " + trace[0]));
    return ExitStatus.FAILED;
  }

  @Command(
      name = "valetkey",
      description =
          "Gives every call of an AI agent a token made for that one MCP server and that one user.",
      synopsisSubcommandLabel = "COMMAND",
      footer = {"", "Exit status: 0 fine, 1 failed while running, 2 bad use or bad configuration."})
  private static final class Root implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        scope = ScopeType.INHERIT,
        description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Override
    public void run() {
      throw new ParameterException(requireNonNull(spec).commandLine(), "A command is missing.");
    }
  }

  @Command(name = "serve", description = "Run the sidecar.")
  private static final class ServeCommand implements Callable<Integer> {
    private final Wiring.Server server;

    @Parameters(
        arity = "0..1",
        paramLabel = "FILE",
        description = "Configuration; default: ${DEFAULT-VALUE}.")
    private Path file = Path.of(DEFAULT_FILE);

    ServeCommand(Wiring.Server server) {
      this.server = server;
    }

    @Override
    public Integer call() {
      return server.serve(file);
    }
  }
}
