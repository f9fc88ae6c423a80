package dev.valetkey.oauth;

import dev.valetkey.config.AddressBlock;
import dev.valetkey.oauth.Judgement.Why;
import dev.valetkey.token.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Judges addresses that a server or a document chose, before anybody dials them: what may be
 * dialled is https on the public internet, or in blocks that the operator named. A host name is
 * resolved once, and only the address that was judged is to be dialled. Thread-safe.
 */
public final class OutboundGuard {
  private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7E]+");

  private static final int MAX_NAME = 253;

  /** RFC 1123 §2.1; a name of such labels is also one that can stand in SNI. */
  private static final Pattern LABEL =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");

  /** Resolvers read names that end so as IPv4 addresses, each in its own way. */
  private static final Pattern NUMBER = Pattern.compile("[0-9]+|0[Xx][0-9A-Fa-f]*");

  private final List<AddressBlock> allowed;
  private final boolean loopbackHttp;
  private final Resolver resolver;

  /** Finds the addresses of a host name. */
  public interface Resolver {
    /** May block as long as it likes; the caller has a deadline. */
    List<InetAddress> resolve(String host) throws UnknownHostException;
  }

  /** What the platform says. */
  public static final Resolver PLATFORM = host -> List.of(InetAddress.getAllByName(host));

  /**
   * @param allowed blocks that may be dialled although they are not public
   * @param loopbackHttp whether this machine itself may be dialled, and only it, with plain http
   */
  public OutboundGuard(List<AddressBlock> allowed, boolean loopbackHttp, Resolver resolver) {
    this.allowed = List.copyOf(allowed);
    this.loopbackHttp = loopbackHttp;
    this.resolver = resolver;
  }

  /** Whether and where this address may be dialled; waits for the resolver until the deadline. */
  Judgement judge(String address, Deadline deadline) {
    if (!PRINTABLE.matcher(address).matches()) {
      return new Judgement.Refused(Why.NO_URL, "");
    }
    URI uri;
    try {
      uri = new URI(address);
    } catch (URISyntaxException e) {
      return new Judgement.Refused(Why.NO_URL, "");
    }
    Optional<Judgement> refused = form(uri);
    if (refused.isPresent()) {
      return refused.get();
    }
    String host = Judgement.Pinned.host(uri);
    Optional<InetAddress> literal = AddressBlock.address(host);
    if (literal.isPresent()) {
      return pin(uri, host, List.of(literal.get()));
    }
    if (!isName(host)) {
      return new Judgement.Refused(Why.HOST, "");
    }
    return pin(uri, host, resolve(host, deadline));
  }

  private static boolean isName(String host) {
    String[] labels = host.split("\\.", -1);
    return host.length() <= MAX_NAME
        && Stream.of(labels).allMatch(label -> LABEL.matcher(label).matches())
        && !NUMBER.matcher(labels[labels.length - 1]).matches();
  }

  private Optional<Judgement> form(URI uri) {
    boolean http = loopbackHttp && "http".equalsIgnoreCase(uri.getScheme());
    if (!http && !"https".equalsIgnoreCase(uri.getScheme())) {
      return Optional.of(new Judgement.Refused(Why.SCHEME, ""));
    }
    String authority = uri.getRawAuthority();
    if (authority != null && authority.contains("@")) {
      return Optional.of(new Judgement.Refused(Why.USER_INFO, ""));
    }
    if (uri.getRawFragment() != null) {
      return Optional.of(new Judgement.Refused(Why.FRAGMENT, ""));
    }
    if (uri.getHost() == null) {
      return Optional.of(new Judgement.Refused(Why.HOST, ""));
    }
    return uri.getPort() == 0 || uri.getPort() > 65535
        ? Optional.of(new Judgement.Refused(Why.PORT, ""))
        : Optional.empty();
  }

  /**
   * One address that may not be dialled spoils the others: which one is used is not ours to bet.
   */
  private Judgement pin(URI uri, String host, List<InetAddress> addresses) {
    if (addresses.isEmpty()) {
      return new Judgement.Refused(Why.UNRESOLVED, host);
    }
    boolean http = uri.getScheme().equalsIgnoreCase("http");
    for (InetAddress address : addresses) {
      if (http ? !address.isLoopbackAddress() : !mayBeDialled(address)) {
        return new Judgement.Refused(http ? Why.SCHEME : Why.NOT_PUBLIC, address.getHostAddress());
      }
    }
    return new Judgement.Pinned(uri, addresses.getFirst());
  }

  private boolean mayBeDialled(InetAddress address) {
    if (PublicAddresses.contain(address)) {
      return true;
    }
    // Whoever allows a gateway's block does not thereby allow what is private behind it.
    return allowed.stream().anyMatch(block -> block.contains(address))
        && PublicAddresses.behind(address).map(this::mayBeDialled).orElse(true);
  }

  private List<InetAddress> resolve(String host, Deadline deadline) {
    // The platform's resolver heeds neither deadlines nor interrupts, and holds the thread it is
    // called on.
    FutureTask<List<InetAddress>> answer = new FutureTask<>(() -> resolver.resolve(host));
    Thread.ofPlatform().daemon().name("valetkey-resolve").start(answer);
    try {
      return answer.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException) {
        return List.of();
      }
      throw new IllegalStateException("a bug in a resolver", e.getCause());
    }
  }
}
