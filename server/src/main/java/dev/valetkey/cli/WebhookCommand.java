package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.telemetry.Log;
import dev.valetkey.webhook.PodImages;
import dev.valetkey.webhook.WebhookServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code valetkey webhook}. */
@Command(
    name = "webhook",
    description = "Run the admission webhook that gives Kubernetes pods their sidecars.")
final class WebhookCommand implements Callable<Integer> {
  /** The kubelet renews a mounted Secret within a minute or two. */
  private static final Duration LOOK = Duration.ofSeconds(2);

  private final Terminal terminal;

  @Option(
      names = "--cert-file",
      required = true,
      paramLabel = "FILE",
      description = "PEM: the certificate shown to the API server. Read anew when it changes.")
  private @Nullable Path certFile;

  @Option(
      names = "--key-file",
      required = true,
      paramLabel = "FILE",
      description = "PEM: its private key, RSA or EC.")
  private @Nullable Path keyFile;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Default: ${DEFAULT-VALUE}, on all addresses.")
  private int port = 8443;

  @Option(
      names = "--image",
      required = true,
      paramLabel = "IMAGE",
      description = "This program, as pods get it.")
  private String image = "";

  @Option(
      names = "--envoy-image",
      paramLabel = "IMAGE",
      description = "Envoy, as pods get it; default: ${DEFAULT-VALUE}.")
  private String envoyImage = "envoyproxy/envoy:distroless-v1.40.0";

  @Option(
      names = "--nft-image",
      required = true,
      paramLabel = "IMAGE",
      description = "An image whose entry point is nft, as pods get it.")
  private String nftImage = "";

  WebhookCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (image.isBlank() || envoyImage.isBlank() || nftImage.isBlank()) {
      terminal.err().println("An image must have a name.");
      return ExitStatus.BAD_USE;
    }
    if (port < 0 || port > 0xFFFF) {
      terminal.err().println("No such port: " + port);
      return ExitStatus.BAD_USE;
    }
    Log.start();
    return UntilStopped.run(this::serve);
  }

  private int serve(CountDownLatch told) {
    WebhookServer.Settings settings =
        new WebhookServer.Settings(
            new InetSocketAddress(port),
            requireNonNull(certFile),
            requireNonNull(keyFile),
            LOOK,
            new PodImages(image, envoyImage, nftImage));
    try (WebhookServer _ = WebhookServer.start(settings)) {
      told.await();
      return ExitStatus.FINE;
    } catch (IOException e) {
      terminal.err().println("cannot start: " + e.getMessage());
      return ExitStatus.FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitStatus.FAILED;
    }
  }
}
