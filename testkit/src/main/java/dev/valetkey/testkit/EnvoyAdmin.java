package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Envoy's admin interface, on a unix socket or on TCP. */
final class EnvoyAdmin {
  private final SocketAddress address;

  /** The address as Envoy writes it: a path, or {@code 127.0.0.1:port}. */
  EnvoyAdmin(String written) {
    int colon = written.lastIndexOf(':');
    this.address =
        written.startsWith("/")
            ? UnixDomainSocketAddress.of(Path.of(written))
            : new InetSocketAddress(
                written.substring(0, colon), Integer.parseInt(written.substring(colon + 1)));
  }

  /** One request to it; GET for what reads, POST for what changes. */
  Http.Response request(String method, String target) throws IOException {
    List<Header> headers = Header.of("Host", "admin", "Connection", "close");
    boolean unix = address instanceof UnixDomainSocketAddress;
    try (SocketChannel channel =
        SocketChannel.open(unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET)) {
      channel.connect(address);
      channel.write(ByteBuffer.wrap(Http.bytes(method, target, headers, new byte[0])));
      return Http.read(new BufferedInputStream(Channels.newInputStream(channel)), false);
    }
  }

  /** Counters and gauges whose name begins so. */
  Map<String, Long> stats(String prefix) throws IOException {
    Map<String, Long> stats = new TreeMap<>();
    String text = new String(request("GET", "/stats").body(), ISO_8859_1);
    text.lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.split(": ", 2))
        .filter(pair -> pair.length == 2 && pair[1].matches("\\d+"))
        .forEach(pair -> stats.put(pair[0], Long.valueOf(pair[1])));
    return stats;
  }
}
