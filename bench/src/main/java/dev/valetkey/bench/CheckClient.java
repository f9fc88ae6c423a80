package dev.valetkey.bench;

import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Sends checks over one connection, as Envoy does. */
final class CheckClient implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final ManagedChannel channel;

  CheckClient(Path socket) {
    channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
            .overrideAuthority("localhost")
            .eventLoopGroup(loop)
            .channelType(EpollDomainSocketChannel.class)
            .usePlaintext()
            .directExecutor()
            .build();
  }

  /** One check and its answer, undecoded. */
  byte[] check(byte[] message) {
    return ClientCalls.blockingUnaryCall(channel, RawBytes.CHECK, options(), message);
  }

  /** One check; fails unless it was forwarded or refused as expected. */
  void expect(boolean forwarded, byte[] message) {
    CheckResponse answer = decode(check(message));
    if (answer.hasDeniedResponse() == forwarded) {
      throw new IllegalStateException("unexpected answer: " + answer.getDeniedResponse());
    }
  }

  /**
   * Sends {@code count} checks, at most {@code inFlight} at once, and waits for all answers.
   *
   * @return how many were forwarded
   */
  int run(int count, int inFlight, IntFunction<byte[]> message) {
    Semaphore free = new Semaphore(inFlight);
    AtomicInteger forwarded = new AtomicInteger();
    for (int i = 0; i < count; i++) {
      free.acquireUninterruptibly();
      ClientCall<byte[], byte[]> call = channel.newCall(RawBytes.CHECK, options());
      call.start(new Counted(forwarded, free), new Metadata());
      call.request(1);
      call.sendMessage(message.apply(i));
      call.halfClose();
    }
    free.acquireUninterruptibly(inFlight);
    return forwarded.get();
  }

  private static CallOptions options() {
    return CallOptions.DEFAULT.withDeadlineAfter(DEADLINE);
  }

  private static CheckResponse decode(byte[] answer) {
    try {
      return CheckResponse.parseFrom(answer);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private static final class Counted extends ClientCall.Listener<byte[]> {
    private final AtomicInteger forwarded;
    private final Semaphore free;

    Counted(AtomicInteger forwarded, Semaphore free) {
      this.forwarded = forwarded;
      this.free = free;
    }

    @Override
    public void onMessage(byte[] message) {
      if (!decode(message).hasDeniedResponse()) {
        forwarded.incrementAndGet();
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      free.release();
    }
  }
}
