package dev.valetkey.envoy;

import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP address that speaks TLS only, and only with peers whose certificate carries one of the
 * chosen names. Everybody else is gone before the first byte of a request is read.
 *
 * <p>A successor may bind the address while its predecessor still drains; the kernel allows it to
 * the same user only.
 */
final class TlsSocket {
  private static final String UNKNOWN = "unknown";

  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /**
   * Handshakes at a time: each takes tens of kilobytes, and whoever reaches the port may begin one.
   */
  private static final int MAX_HANDSHAKES = 128;

  private static final Logger LOG = LoggerFactory.getLogger(TlsSocket.class);

  private final InetSocketAddress address;
  private final TlsFiles tls;

  /**
   * @param address {@code host:port} or {@code [ipv6]:port}
   */
  TlsSocket(String address, TlsFiles tls) {
    this.address = parse(address);
    this.tls = tls;
  }

  /**
   * A server at this address, served by {@code loop}.
   *
   * @param handshakes computes what a handshake needs, off the event loop
   * @param refused told of every peer that is not let in
   */
  NettyServerBuilder server(EventLoopGroup loop, Executor handshakes, Runnable refused) {
    PeerCheck peerCheck = new PeerCheck(tls, handshakes, refused);
    // For gRPC the connection is a plain one: TLS and the peer are settled below it.
    return NettyServerBuilder.forAddress(address)
        .bossEventLoopGroup(loop)
        .workerEventLoopGroup(loop)
        .withOption(UnixChannelOption.SO_REUSEPORT, true)
        .channelFactory(() -> {
          EpollServerSocketChannel channel = new EpollServerSocketChannel();
          channel.pipeline().addFirst(peerCheck);
          return channel;
        });
  }

  private static InetSocketAddress parse(String address) {
    int colon = address.lastIndexOf(':');
    String host = address.substring(0, colon).replace("[", "").replace("]", "");
    return new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
  }

  /** Puts TLS before everything else on a connection, and tells why one came to nothing. */
  @Sharable
  private static final class PeerCheck extends ChannelInboundHandlerAdapter {
    private final TlsFiles tls;
    private final Executor handshakes;
    private final Runnable refused;

    /** Used by the event loop alone. */
    private int running;

    PeerCheck(TlsFiles tls, Executor handshakes, Runnable refused) {
      this.tls = tls;
      this.handshakes = handshakes;
      this.refused = refused;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      Channel accepted = (Channel) message;
      if (running >= MAX_HANDSHAKES) {
        refuse(accepted, UNKNOWN, "too many handshakes at a time");
        accepted.unsafe().closeForcibly();
        return;
      }
      running++;
      SslHandler handler = new SslHandler(tls.engine(), handshakes);
      handler.setHandshakeTimeout(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS);
      handler
          .handshakeFuture()
          .addListener(done -> {
            running--;
            if (!done.isSuccess()) {
              explain(accepted, done.cause());
            }
          });
      accepted.pipeline().addLast(handler, new FailureEnd(handler));
      context.fireChannelRead(message);
    }

    private void explain(Channel peer, Throwable failure) {
      switch (failure) {
        // Somebody who only looked whether the port is open.
        case ClosedChannelException closed -> {}
        // Its message quotes what was sent.
        case NotSslRecordException plain -> refuse(peer, UNKNOWN, "it does not speak TLS");
        default -> {
          NamedPeers.Refused refusal = refusal(failure);
          if (refusal == null) {
            refuse(peer, UNKNOWN, failure.getMessage());
          } else {
            refuse(peer, refusal.peer(), refusal.getMessage());
          }
        }
      }
    }

    private static NamedPeers.@Nullable Refused refusal(Throwable failure) {
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        if (cause instanceof NamedPeers.Refused refusal) {
          return refusal;
        }
      }
      return null;
    }

    private void refuse(Channel peer, String name, @Nullable String cause) {
      refused.run();
      LOG.atWarn()
          .addKeyValue("peer", name)
          .addKeyValue("address", peer.remoteAddress())
          .addKeyValue("cause", cause)
          .log("peer refused");
    }
  }

  /**
   * Keeps a failed handshake, which {@link PeerCheck} has explained and the TLS handler closed,
   * from gRPC: it would log it whole, with the bytes of who does not speak TLS.
   */
  private static final class FailureEnd extends ChannelInboundHandlerAdapter {
    private final SslHandler tls;

    FailureEnd(SslHandler tls) {
      this.tls = tls;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (tls.handshakeFuture().isSuccess()) {
        context.fireExceptionCaught(cause);
      }
    }
  }
}
