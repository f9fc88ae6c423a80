package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.valetkey.cache.TokenCache;
import dev.valetkey.config.CacheConfig;
import dev.valetkey.config.Config;
import dev.valetkey.config.ListenConfig;
import dev.valetkey.gate.Configs;
import dev.valetkey.gate.FakeSubjects;
import dev.valetkey.gate.FakeTokens;
import dev.valetkey.gate.Gate;
import dev.valetkey.gate.Gates;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.TargetChooser;
import dev.valetkey.token.TokenOutcome.Granted;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a check that is answered from the cache leaves behind for the garbage collector, beside a
 * gRPC call on the same stack that does nothing. Counted, not timed: the number is the same on
 * every machine.
 */
final class GarbageTest {
  /** Bytes per check above those of a call that does nothing. */
  private static final int ALLOWED = 256;

  private static final int WARM_UP = 5_000;

  /**
   * Short windows, of which the least counts: on a busy machine the loop has other things to do
   * too.
   */
  private static final int CHECKS = 100;

  private static final int ROUNDS = 400;

  /** Rounds without any improvement: the compiler is done. */
  private static final int SETTLED = 25;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final byte[] message = CheckMessages.typical().build().toByteArray();

  @Test
  void cachedCheckLeavesHardlyMoreBehindThanACallThatDoesNothing(
      @TempDir Path folder, TestReporter report) throws Exception {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    long thread = loop.submit(Thread::currentThread).get().threadId();
    Path checks = folder.resolve("authz.sock");
    Path nothing = folder.resolve("nothing.sock");
    Metrics metrics = new Metrics();
    InstantSource clock = InstantSource.system();
    Config config =
        Configs.of(Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE));
    FakeSubjects users = new FakeSubjects().knows(CheckMessages.USER_TOKEN, "alice");
    String issued = "CANARY-issued-" + "0123456789".repeat(100);
    int uid = (int) Files.getAttribute(folder, "unix:uid");

    try (Audit audit = new Audit(config.audit(), OutputStream.nullOutputStream(), clock, metrics);
        TokenCache tokens =
            new TokenCache(
                new CacheConfig(100, 1 << 20),
                (request, deadline) -> new Granted(FakeTokens.token(issued)),
                Duration.ofSeconds(5),
                metrics,
                clock,
                System::nanoTime,
                new Random(1));
        EnvoyServer _ =
            new EnvoyServer(
                new ListenConfig(checks, 0600, List.of(uid)),
                loop,
                new Gate(
                    config,
                    users,
                    Gates.inboundUsers(),
                    TargetChooser.AS_CONFIGURED,
                    tokens,
                    audit,
                    metrics,
                    System::nanoTime),
                metrics,
                System::nanoTime,
                null);
        RawClient checking = new RawClient(checks)) {
      byte[] answer = checking.call(RawClient.CHECK, message, Duration.ofSeconds(5));
      assertThat(CheckResponse.parseFrom(answer).hasOkResponse()).isTrue();
      Server idle = doingNothing(nothing, loop, answer);
      try (RawClient calling = new RawClient(nothing)) {
        allocated(thread, checking, WARM_UP);
        allocated(thread, calling, WARM_UP);

        long cached = Long.MAX_VALUE;
        long none = Long.MAX_VALUE;
        int settled = 0;
        for (int round = 0; round < ROUNDS && settled < SETTLED; round++) {
          long before = cached + none;
          cached = Math.min(cached, allocated(thread, checking, CHECKS));
          none = Math.min(none, allocated(thread, calling, CHECKS));
          settled = round > 0 && cached + none == before ? settled + 1 : 0;
        }

        report.publishEntry("bytes per cached check", Long.toString(cached));
        report.publishEntry("bytes per call that does nothing", Long.toString(none));
        assertThat(cached - none).isLessThanOrEqualTo(ALLOWED);
        assertThat(users.verifications()).isZero();
      } finally {
        idle.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  /** Bytes that the event loop's thread allocates for one call. */
  private long allocated(long thread, RawClient client, int calls) {
    long before = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < calls; i++) {
      client.call(RawClient.CHECK, message, Duration.ofSeconds(60));
    }
    return (threads.getThreadAllocatedBytes(thread) - before) / calls;
  }

  /** A server with the same settings that reads the bytes and sends others. */
  private static Server doingNothing(Path path, EventLoopGroup loop, byte[] answer)
      throws IOException {
    UnixSocket socket = new UnixSocket(path, 0600);
    MethodDescriptor<Boolean, InputStream> method =
        MethodDescriptor.<Boolean, InputStream>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(RawClient.CHECK.getFullMethodName())
            .setRequestMarshaller(new Skipping())
            .setResponseMarshaller(new Sending())
            .build();
    Server server =
        socket
            .server(loop, uid -> true, () -> {})
            .directExecutor()
            .addService(
                ServerServiceDefinition.builder("envoy.service.auth.v3.Authorization")
                    .addMethod(method, new Answering(answer))
                    .build())
            .build()
            .start();
    socket.publish();
    return server;
  }

  private record Answering(byte[] answer) implements ServerCallHandler<Boolean, InputStream> {
    @Override
    public ServerCall.Listener<Boolean> startCall(
        ServerCall<Boolean, InputStream> call, Metadata headers) {
      call.request(1);
      return new ServerCall.Listener<>() {
        @Override
        public void onHalfClose() {
          call.sendHeaders(new Metadata());
          call.sendMessage(new ReadyAnswer(answer));
          call.close(Status.OK, new Metadata());
        }
      };
    }
  }

  private static final class Skipping implements MethodDescriptor.Marshaller<Boolean> {
    private final byte[] buffer = new byte[64 * 1024];

    @Override
    public InputStream stream(Boolean value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Boolean parse(InputStream stream) {
      try {
        return stream.readNBytes(buffer, 0, buffer.length) > 0;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Sending implements MethodDescriptor.Marshaller<InputStream> {
    @Override
    public InputStream stream(InputStream value) {
      return value;
    }

    @Override
    public InputStream parse(InputStream stream) {
      throw new UnsupportedOperationException();
    }
  }
}
