package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.cli.bootstrap.CaptureBootstrap;
import dev.valetkey.cli.bootstrap.EnvoyGateway;
import dev.valetkey.cli.bootstrap.GatewayBootstrap;
import dev.valetkey.cli.bootstrap.IstioEgress;
import dev.valetkey.cli.bootstrap.IstioSidecar;
import dev.valetkey.cli.bootstrap.ProxyBootstrap;
import dev.valetkey.config.Config;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code valetkey envoy}. */
@Command(name = "envoy", description = "Print the Envoy configuration for a configuration file.")
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
    proxy,
    istio_sidecar,
    istio_egress,
    envoy_gateway;

    @Override
    public String toString() {
      return name().replace('_', '-');
    }
  }

  @Override
  public Integer call() {
    return terminal.with(wiring.configs().load(requireNonNull(file)), this::print);
  }

  private int print(Config config) {
    String problem = problem(config);
    if (!problem.isEmpty()) {
      terminal.err().println(problem);
      return ExitStatus.BAD_USE;
    }
    terminal.out().print(bootstrap(config));
    return ExitStatus.FINE;
  }

  /** Why this file has nothing for this layout; empty if it has. */
  private String problem(Config config) {
    return switch (layout) {
      case gateway, capture, proxy -> "";
      case intercept -> config.intercept() == null ? needs("a section intercept") : "";
      case istio_sidecar -> withoutInbound(config, IstioSidecar.problem(config));
      case istio_egress ->
          withoutInbound(
              config,
              config.envoy().sidecar() == null
                  ? needs("envoy.sidecar")
                  : IstioSidecar.problem(config));
      case envoy_gateway ->
          withoutInbound(
              config,
              config.envoy().sidecar() == null
                  ? needs("envoy.sidecar")
                  : EnvoyGateway.problem(config));
    };
  }

  private String withoutInbound(Config config, String problem) {
    return config.inbound() == null
        ? problem
        : "the layout " + layout + " has no inbound side; leave out the section inbound";
  }

  private String needs(String what) {
    return "the layout " + layout + " needs " + what + " in " + file;
  }

  private String bootstrap(Config config) {
    return switch (layout) {
      case gateway -> GatewayBootstrap.print(config);
      case capture -> CaptureBootstrap.capture(config);
      case intercept -> CaptureBootstrap.intercept(config);
      case proxy -> ProxyBootstrap.print(config);
      case istio_sidecar -> IstioSidecar.print(config);
      case istio_egress -> IstioEgress.print(config);
      case envoy_gateway -> EnvoyGateway.print(config);
    };
  }
}
