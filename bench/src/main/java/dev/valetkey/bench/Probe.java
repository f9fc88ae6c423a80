package dev.valetkey.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Looks into a measured process from inside. Asking costs that process next to nothing. */
final class Probe {
  private static final byte ALLOCATED = 'a';
  private static final byte LIVE_HEAP = 'h';

  private final UnixDomainSocketAddress address;

  Probe(Path socket) {
    this.address = UnixDomainSocketAddress.of(socket);
  }

  /** Bytes that all threads of the process have allocated on the heap so far. */
  long allocated() {
    return ask(ALLOCATED);
  }

  /** Bytes in use on the heap after a collection. */
  long liveHeap() {
    return ask(LIVE_HEAP);
  }

  private long ask(byte question) {
    try (SocketChannel channel = SocketChannel.open(address)) {
      channel.write(ByteBuffer.wrap(new byte[] {question}));
      ByteBuffer answer = ByteBuffer.allocate(Long.BYTES);
      while (answer.hasRemaining() && channel.read(answer) >= 0) {}
      return answer.flip().getLong();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Answers, on a thread of its own, until the process ends. */
  static void listen(Path socket) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().name("probe").start(() -> answer(server));
  }

  private static void answer(ServerSocketChannel server) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES);
    while (server.isOpen()) {
      try (SocketChannel channel = server.accept()) {
        channel.read(bytes.clear().limit(1));
        long answer = bytes.get(0) == ALLOCATED ? ownAllocated() : ownLiveHeap();
        channel.write(bytes.clear().putLong(answer).flip());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static long ownAllocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
  }

  private static long ownLiveHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
