package dev.valetkey.envoy;

import dev.valetkey.config.ListenConfig;
import dev.valetkey.gate.Gate;
import dev.valetkey.intercept.Leaves;
import dev.valetkey.telemetry.Metrics;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Serves Envoy: checks, access logs, health and, where TLS is opened, certificates, on one unix
 * socket and one event loop. Checks are answered from the start; health says so only after {@link
 * #serving}.
 */
public final class EnvoyServer implements AutoCloseable {
  /**
   * The largest message we take at all; above it gRPC fails the call, which Envoy answers with 503.
   */
  private static final int MAX_MESSAGE = 256 * 1024;

  private static final int MAX_METADATA = 16 * 1024;
  private static final int MAX_CALLS_PER_CONNECTION = 1024;
  private static final String SERVICE = "envoy.service.auth.v3.Authorization";

  private final HealthStatusManager health = new HealthStatusManager();
  private final ExecutorService slowLane = Executors.newVirtualThreadPerTaskExecutor();
  private final AccessLogService accessLog;

  /** Null: no TLS is opened. */
  private final @Nullable SecretService secrets;

  private final Server server;

  /**
   * Binds the socket of {@code listen} and starts to answer.
   *
   * @param leaves for Envoy to show to the agent; null: none
   */
  public EnvoyServer(
      ListenConfig listen,
      EventLoopGroup loop,
      Gate gate,
      Metrics metrics,
      LongSupplier nanoTime,
      @Nullable Leaves leaves)
      throws IOException {
    health.setStatus(SERVICE, ServingStatus.NOT_SERVING);
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
    this.accessLog = new AccessLogService(gate);
    this.secrets = leaves == null ? null : new SecretService(leaves, loop);
    UnixSocket socket = new UnixSocket(listen.socket(), listen.socketMode());
    NettyServerBuilder builder =
        socket
            .server(loop, listen.allowedUids()::contains, metrics::peerRefused)
            .directExecutor()
            .maxInboundMessageSize(MAX_MESSAGE)
            .maxInboundMetadataSize(MAX_METADATA)
            .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
            .maxRstFramesPerWindow(2 * MAX_CALLS_PER_CONNECTION, 1)
            .addService(new CheckService(gate, slowLane, nanoTime).definition())
            .addService(accessLog)
            .addService(health.getHealthService());
    if (secrets != null) {
      builder.addService(secrets);
    }
    this.server = builder.build().start();
    socket.publish();
  }

  /** Says that calls will be answered with more than refusals. */
  public void serving() {
    health.setStatus(SERVICE, ServingStatus.SERVING);
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
  }

  /**
   * Stops: health says so, running checks end, new ones are Envoy's 503. Waits {@code grace} at
   * most.
   */
  public void stop(Duration grace) throws InterruptedException {
    health.enterTerminalState();
    server.shutdown();
    accessLog.endStreams();
    if (secrets != null) {
      secrets.endStreams();
    }
    if (!server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
      server.shutdownNow();
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
    slowLane.shutdownNow();
  }
}
