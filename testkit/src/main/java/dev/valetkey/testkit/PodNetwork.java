package dev.valetkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The network of a pod: a network namespace of its own, and a cable (veth) to this machine, on
 * whose near end a test's servers listen under {@link #outside} and {@link #stranger}. There is no
 * route to anywhere else. Needs root, nftables and iproute2 ({@code testkit/bin/namespaces-up.sh}).
 *
 * <p>It vanishes with {@link #close}, at the latest with this JVM; what a killed JVM left behind is
 * removed by the next one.
 */
public final class PodNetwork implements AutoCloseable {
  private static final String PREFIX = "vkpod";
  private static final Path HOSTS = Path.of("/etc/netns");
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger MADE = new AtomicInteger();

  private final String name;
  private final int number;
  private final Thread atExit = new Thread(this::remove);

  private PodNetwork(String name, int number) {
    this.name = name;
    this.number = number;
  }

  /** Why no such network can be made here; empty when it can. */
  public static String missing() {
    try {
      if (Files.getAttribute(Path.of("/proc/self"), "unix:uid") instanceof Integer uid
          && uid != 0) {
        return "not root";
      }
      run("ip", "netns", "list");
      run("nft", "--version");
      run("setpriv", "--version");
      run("curl", "--version");
      String probe = name();
      run("ip", "netns", "add", probe);
      try {
        run("ip", "netns", "exec", probe, "nft", "list", "ruleset");
      } finally {
        run("ip", "netns", "delete", probe);
      }
      return "";
    } catch (IOException | UncheckedIOException | IllegalStateException | AssertionError no) {
      return String.valueOf(no.getMessage()).lines().findFirst().orElse("");
    }
  }

  /**
   * Makes one.
   *
   * @param hosts names that the pod knows, and their addresses
   */
  public static PodNetwork create(Map<String, String> hosts) {
    Path cache = Repository.cache();
    try {
      Files.createDirectories(cache);
      try (FileChannel file =
              FileChannel.open(
                  cache.resolve("namespaces.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock lock = file.lock()) {
        if (!lock.isValid()) {
          throw new IllegalStateException("no lock");
        }
        sweep();
        PodNetwork network = new PodNetwork(name(), freeNumber());
        Runtime.getRuntime().addShutdownHook(network.atExit);
        try {
          network.make(hosts);
          return network;
        } catch (IOException | RuntimeException | AssertionError failed) {
          network.close();
          throw failed;
        }
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Teaches a name to the programs that are started from now on. */
  public void name(String host, InetAddress address) {
    try {
      Files.writeString(
          HOSTS.resolve(name).resolve("hosts"),
          address.getHostAddress() + " " + host + "\n",
          StandardOpenOption.APPEND);
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }

  /** The pod's address. */
  public String pod() {
    return "198.18." + number + ".10";
  }

  public String podV6() {
    return "fd00:1812:" + Integer.toHexString(number) + "::10";
  }

  /** Where a test's servers listen. */
  public InetAddress outside() {
    return InetAddress.ofLiteral("198.18." + number + ".1");
  }

  public InetAddress outsideV6() {
    return InetAddress.ofLiteral("fd00:1812:" + Integer.toHexString(number) + "::1");
  }

  /** Where somebody listens whom nobody should talk to. */
  public InetAddress stranger() {
    return InetAddress.ofLiteral("198.18." + number + ".66");
  }

  public InetAddress strangerV6() {
    return InetAddress.ofLiteral("fd00:1812:" + Integer.toHexString(number) + "::66");
  }

  /** A command as it runs in the pod as root. */
  public List<String> asRoot(List<String> command) {
    return join(List.of("ip", "netns", "exec", name), command);
  }

  /** A command as it runs in the pod under a uid, without any capability. */
  public List<String> as(int uid, int gid, List<String> command) {
    return asRoot(
        join(
            List.of(
                "setpriv",
                "--reuid=" + uid,
                "--regid=" + gid,
                "--clear-groups",
                "--no-new-privs",
                "--inh-caps=-all",
                "--bounding-set=-all"),
            command));
  }

  /** Loads an nftables ruleset in the pod. */
  public void load(Path ruleset) {
    Child.run(PATIENCE, Map.of(), asRoot(List.of("nft", "-f", ruleset.toString())));
  }

  /** Takes the rules away again. */
  public void flush() {
    Child.run(PATIENCE, Map.of(), asRoot(List.of("nft", "flush", "ruleset")));
  }

  /** Whether it is still there, and with it what runs inside. */
  public boolean exists() {
    return list().contains(name);
  }

  /** Kills what still runs inside, and removes namespace, cable and files. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException shuttingDown) {
      return; // Then the hook does it.
    }
    remove();
  }

  private void make(Map<String, String> hosts) throws IOException {
    Path files = Files.createDirectories(HOSTS.resolve(name));
    StringBuilder lines = new StringBuilder("127.0.0.1 localhost\n::1 localhost\n");
    hosts.forEach((host, address) -> lines.append(address).append(' ').append(host).append('\n'));
    Files.writeString(files.resolve("hosts"), lines);
    Files.writeString(files.resolve("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1\n");
    run("ip", "netns", "add", name);
    String near = name + "o";
    run("ip", "link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", name);
    List<String> addresses =
        List.of(
            outside().getHostAddress() + "/24",
            stranger().getHostAddress() + "/24",
            outsideV6().getHostAddress() + "/64",
            strangerV6().getHostAddress() + "/64");
    for (String address : addresses) {
      address(List.of(), near, address);
    }
    run("ip", "link", "set", near, "up");
    run("ip", "-n", name, "link", "set", "lo", "up");
    address(List.of("-n", name), "eth0", pod() + "/24");
    address(List.of("-n", name), "eth0", podV6() + "/64");
    run("ip", "-n", name, "link", "set", "eth0", "up");
  }

  /** IPv6 without a check for duplicates, which takes a second. */
  private static void address(List<String> where, String device, String address) {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(where);
    command.addAll(List.of("address", "add", address, "dev", device));
    if (address.contains(":")) {
      command.add("nodad");
    }
    run(command.toArray(String[]::new));
  }

  private void remove() {
    remove(name);
  }

  private static void remove(String namespace) {
    if (list().contains(namespace)) {
      Child.run(PATIENCE, Map.of(), List.of("ip", "netns", "pids", namespace))
          .lines()
          .map(Long::valueOf)
          .flatMap(pid -> ProcessHandle.of(pid).stream())
          .forEach(ProcessHandle::destroyForcibly);
      run("ip", "netns", "delete", namespace);
    }
    try {
      if (Files.exists(HOSTS.resolve(namespace))) {
        try (Stream<Path> files = Files.walk(HOSTS.resolve(namespace))) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    } catch (IOException left) {
      throw new UncheckedIOException(left);
    }
  }

  /** Removes what JVMs left behind that are no more. Their pid is in the name. */
  private static void sweep() {
    for (String namespace : list()) {
      if (namespace.startsWith(PREFIX)) {
        long maker = Long.parseLong(namespace.substring(PREFIX.length()).split("-", 2)[0], 36);
        if (ProcessHandle.of(maker).isEmpty()) {
          remove(namespace);
        }
      }
    }
  }

  private static List<String> list() {
    return Child.run(PATIENCE, Map.of(), List.of("ip", "netns", "list"))
        .lines()
        .map(line -> line.split(" ", 2)[0])
        .toList();
  }

  /** Fifteen characters at most: the cable is called like it. */
  private static String name() {
    return PREFIX
        + Long.toString(ProcessHandle.current().pid(), 36)
        + "-"
        + Integer.toString(MADE.incrementAndGet(), 36);
  }

  /** Of the networks 198.18.0.0/16, which RFC 2544 keeps for tests, one that nobody uses here. */
  private static int freeNumber() {
    String taken = Child.run(PATIENCE, Map.of(), List.of("ip", "-o", "-4", "address"));
    while (true) {
      int number = ThreadLocalRandom.current().nextInt(256);
      if (!taken.contains(" 198.18." + number + ".")) {
        return number;
      }
    }
  }

  private static void run(String... command) {
    Child.run(PATIENCE, Map.of(), List.of(command));
  }

  private static List<String> join(List<String> first, List<String> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }
}
