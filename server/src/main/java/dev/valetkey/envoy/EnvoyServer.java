package dev.valetkey.envoy;

import static java.util.Objects.requireNonNull;

import dev.valetkey.config.ListenConfig;
import dev.valetkey.gate.Gate;
import dev.valetkey.intercept.Leaves;
import dev.valetkey.telemetry.Metrics;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Serves Envoy: checks, access logs, health and, where TLS is opened, certificates, on one event
 * loop; on a unix socket and, for an Envoy that runs apart from us, at a TLS address, which has no
 * certificates to give. Checks are answered from the start; health says so only after {@link
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

  /** How often Envoy may ask whether a connection over the network is still there. */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(5);

  /** After that a peer over the network must show its certificate again. */
  private static final Duration LONGEST_CONNECTION = Duration.ofHours(1);

  /** What then still runs may end; a check waits no longer. */
  private static final Duration GRACE = Duration.ofMinutes(1);

  private final HealthStatusManager health = new HealthStatusManager();
  private final ExecutorService slowLane = Executors.newVirtualThreadPerTaskExecutor();
  private final EventLoopGroup loop;
  private final Metrics metrics;
  private final LongSupplier nanoTime;
  private final ServerServiceDefinition checks;
  private final AccessLogService accessLog;
  private final List<Server> servers = new ArrayList<>();

  /** Null: no TCP. */
  private final @Nullable TlsFiles tls;

  /** Null: no TLS is opened. */
  private final @Nullable SecretService secrets;

  /**
   * Binds the socket of {@code listen}, and its address if it has one, and starts to answer.
   *
   * @param leaves for the pod's Envoy to show to the agent; null: none
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
    this.loop = loop;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
    this.checks = new CheckService(gate, slowLane, nanoTime).definition();
    this.accessLog = new AccessLogService(gate);
    this.secrets = leaves == null ? null : new SecretService(leaves, loop);
    this.tls = listen.tls() == null ? null : new TlsFiles(listen.tls());
    try {
      // An address that cannot be bound must fail before the path of a predecessor is taken over.
      if (listen.address() != null) {
        startAtAddress(listen.address(), requireNonNull(tls));
      }
      startAtSocket(listen);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private void startAtSocket(ListenConfig listen) throws IOException {
    UnixSocket socket = new UnixSocket(listen.socket(), listen.socketMode());
    NettyServerBuilder builder =
        socket.server(loop, listen.allowedUids()::contains, metrics::peerRefused);
    if (secrets != null) {
      builder.addService(secrets);
    }
    start(builder);
    socket.publish();
  }

  private void startAtAddress(String address, TlsFiles files) throws IOException {
    TlsSocket socket = new TlsSocket(address, files);
    start(
        socket
            .server(loop, slowLane, metrics::peerRefused)
            .maxConnectionAge(LONGEST_CONNECTION.toMinutes(), TimeUnit.MINUTES)
            .maxConnectionAgeGrace(GRACE.toSeconds(), TimeUnit.SECONDS)
            .permitKeepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true));
  }

  /** What Envoy is served is the same everywhere, by one event loop. */
  private void start(NettyServerBuilder builder) throws IOException {
    servers.add(
        builder
            .directExecutor()
            .maxInboundMessageSize(MAX_MESSAGE)
            .maxInboundMetadataSize(MAX_METADATA)
            .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
            .maxRstFramesPerWindow(2 * MAX_CALLS_PER_CONNECTION, 1)
            .addService(checks)
            .addService(accessLog)
            .addService(health.getHealthService())
            .build()
            .start());
  }

  /** Says that calls will be answered with more than refusals. */
  public void serving() {
    health.setStatus(SERVICE, ServingStatus.SERVING);
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
  }

  /** A file of {@code listen.tls} may have changed. */
  public void filesChanged() {
    if (tls != null) {
      tls.reload();
    }
  }

  /**
   * Stops: health says so, running checks end, new ones are Envoy's 503. Waits {@code grace} at
   * most.
   */
  public void stop(Duration grace) throws InterruptedException {
    health.enterTerminalState();
    servers.forEach(Server::shutdown);
    accessLog.endStreams();
    if (secrets != null) {
      secrets.endStreams();
    }
    long end = nanoTime.getAsLong() + grace.toNanos();
    for (Server server : servers) {
      if (!server.awaitTermination(end - nanoTime.getAsLong(), TimeUnit.NANOSECONDS)) {
        server.shutdownNow();
      }
    }
  }

  @Override
  public void close() {
    servers.forEach(Server::shutdownNow);
    slowLane.shutdownNow();
  }
}
