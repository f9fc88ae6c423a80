package dev.valetkey.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The TCP ports on which a process listens, as {@code ss -ltnp} finds them: from the kernel. */
final class ListeningSockets {
  private static final String LISTEN = "0A";

  private ListeningSockets() {}

  static Set<Integer> of(long pid) {
    Set<String> inodes = inodes(pid);
    Set<Integer> ports = new TreeSet<>();
    for (String table : new String[] {"tcp", "tcp6"}) {
      lines(Path.of("/proc/" + pid + "/net/" + table))
          .skip(1)
          .map(line -> line.strip().split("\\s+"))
          .filter(row -> row[3].equals(LISTEN) && inodes.contains(row[9]))
          .forEach(row ->
              ports.add(Integer.parseInt(row[1].substring(row[1].lastIndexOf(':') + 1), 16)));
    }
    return ports;
  }

  private static Set<String> inodes(long pid) {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return files
          .map(ListeningSockets::target)
          .filter(target -> target.startsWith("socket:["))
          .map(target -> target.substring("socket:[".length(), target.length() - 1))
          .collect(Collectors.toSet());
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  /** Empty for a file that was closed meanwhile. */
  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException closed) {
      return "";
    }
  }

  private static Stream<String> lines(Path table) {
    try {
      return Files.readAllLines(table).stream();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
