package dev.valetkey.bench;

import dev.valetkey.Main;
import dev.valetkey.envoy.UnixSocket;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/**
 * A server process that is measured: {@code Served PROBE-SOCKET noop|generated SOCKET} or {@code
 * Served PROBE-SOCKET valetkey ARGUMENTS}. All run on the same stack with the same JVM flags.
 */
final class Served {
  /** As long as a token of an ordinary issuer. */
  private static final String TOKEN = "CANARY-".repeat(100);

  private Served() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Probe.listen(Path.of(args[0]));
    switch (args[1]) {
      case "noop" -> serveNoop(Path.of(args[2]));
      case "generated" -> serveGenerated(Path.of(args[2]));
      case "valetkey" -> Main.main(Arrays.copyOfRange(args, 2, args.length));
      default -> throw new IllegalArgumentException(args[1]);
    }
  }

  private static void serveNoop(Path path) throws IOException, InterruptedException {
    UnixSocket socket = new UnixSocket(path, 0600);
    Noop noop = new Noop(Generated.forward(TOKEN).toByteArray());
    run(socket, builder(socket).directExecutor().addService(noop.definition()));
  }

  private static void serveGenerated(Path path) throws IOException, InterruptedException {
    UnixSocket socket = new UnixSocket(path, 0600);
    run(socket, builder(socket).addService(new Generated(TOKEN)));
  }

  private static NettyServerBuilder builder(UnixSocket socket) throws IOException {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    return socket.server(loop, uid -> true, () -> {});
  }

  private static void run(UnixSocket socket, NettyServerBuilder server)
      throws IOException, InterruptedException {
    server.build().start();
    socket.publish();
    new CountDownLatch(1).await();
  }
}
