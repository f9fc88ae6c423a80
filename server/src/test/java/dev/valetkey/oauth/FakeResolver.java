package dev.valetkey.oauth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Names and addresses as a test says; it keeps which names it was asked for. */
final class FakeResolver implements OutboundGuard.Resolver {
  private final Map<String, List<InetAddress>> names = new HashMap<>();
  private final List<String> asked = new ArrayList<>();

  /** From now on this name has these addresses. */
  FakeResolver with(String host, String... addresses) {
    names.put(host, Stream.of(addresses).map(InetAddress::ofLiteral).toList());
    return this;
  }

  synchronized List<String> asked() {
    return List.copyOf(asked);
  }

  @Override
  public synchronized List<InetAddress> resolve(String host) throws UnknownHostException {
    asked.add(host);
    List<InetAddress> found = names.get(host);
    if (found == null) {
      throw new UnknownHostException(host);
    }
    return found;
  }
}
