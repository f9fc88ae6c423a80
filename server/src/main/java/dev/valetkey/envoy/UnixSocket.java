package dev.valetkey.envoy;

import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.IntPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A unix socket that only chosen users may talk to.
 *
 * <p>It is bound under another name, gets its mode and is then renamed over its path: at no moment
 * does a socket with a wrong mode stand there, a successor takes the path over without a gap, and
 * Netty, which deletes on close the name it bound, deletes nothing.
 */
public final class UnixSocket {
  private static final Logger LOG = LoggerFactory.getLogger(UnixSocket.class);

  private final Path path;
  private final Path bound;
  private final int mode;

  /**
   * @param mode permissions, as in {@code chmod}
   */
  public UnixSocket(Path path, int mode) {
    this.path = path;
    this.bound = path.resolveSibling(path.getFileName() + ".new");
    this.mode = mode;
  }

  /**
   * A server on this socket, served by {@code loop}. After the server was started, {@link #publish}
   * makes it reachable.
   *
   * @param mayCall which uids are let in
   * @param refused told of everybody else
   */
  public NettyServerBuilder server(EventLoopGroup loop, IntPredicate mayCall, Runnable refused)
      throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.deleteIfExists(bound);
    PeerCheck peerCheck = new PeerCheck(mayCall, refused);
    return NettyServerBuilder.forAddress(new DomainSocketAddress(bound.toFile()))
        .bossEventLoopGroup(loop)
        .workerEventLoopGroup(loop)
        .channelFactory(() -> {
          EpollServerDomainSocketChannel channel = new EpollServerDomainSocketChannel();
          channel.pipeline().addFirst(peerCheck);
          return channel;
        });
  }

  /** The uid of this process. */
  public static int ownUid() throws IOException {
    return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  /** Gives the bound socket its mode and its name. */
  public void publish() throws IOException {
    Files.setPosixFilePermissions(bound, permissions(mode));
    Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] fromOwnerRead = PosixFilePermission.values();
    for (int bit = 0; bit < fromOwnerRead.length; bit++) {
      if ((mode & 0400 >> bit) != 0) {
        permissions.add(fromOwnerRead[bit]);
      }
    }
    return permissions;
  }

  /** Closes connections of strangers before a byte of theirs is read (design.md §9.4). */
  @Sharable
  private static final class PeerCheck extends ChannelInboundHandlerAdapter {
    private final IntPredicate mayCall;
    private final Runnable refused;

    PeerCheck(IntPredicate mayCall, Runnable refused) {
      this.mayCall = mayCall;
      this.refused = refused;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
      if (message instanceof EpollDomainSocketChannel accepted) {
        PeerCredentials peer = accepted.peerCredentials();
        if (!mayCall.test(peer.uid())) {
          refused.run();
          LOG.atWarn()
              .addKeyValue("uid", peer.uid())
              .addKeyValue("pid", peer.pid())
              .log("peer refused");
          ((Channel) accepted).unsafe().closeForcibly();
          return;
        }
      }
      context.fireChannelRead(message);
    }
  }
}
