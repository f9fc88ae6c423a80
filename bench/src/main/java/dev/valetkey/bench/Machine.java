package dev.valetkey.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The machine a table came from, and what others take of it. */
final class Machine {
  private static final Path STAT = Path.of("/proc/stat");

  private Machine() {}

  /**
   * Time of all cores since boot, in ticks.
   *
   * @param stolen what the hypervisor gave to somebody else
   */
  record Ticks(long all, long stolen) {

    /** The share of the time since {@code earlier} that was stolen, 0 to 1. */
    double stolenSince(Ticks earlier) {
      return all == earlier.all ? 0 : (double) (stolen - earlier.stolen) / (all - earlier.all);
    }
  }

  static Ticks ticks() {
    String[] fields = lines(STAT)[0].trim().split(" +");
    long all = 0;
    for (int i = 1; i <= 8; i++) {
      all += Long.parseLong(fields[i]);
    }
    return new Ticks(all, Long.parseLong(fields[8]));
  }

  /** One line for the head of a table. */
  static String describe() {
    String load = lines(Path.of("/proc/loadavg"))[0].split(" ")[0];
    return "%s, %d cores, Linux %s, JDK %s, load %s at the start, %s"
        .formatted(
            value("/proc/cpuinfo", "model name"),
            Cores.count(),
            System.getProperty("os.version"),
            Runtime.version(),
            load,
            Instant.now().truncatedTo(ChronoUnit.MINUTES));
  }

  /** Memory that a process takes of this machine alone or shares, in KiB. */
  static long residentKib(long pid) {
    return Long.parseLong(value("/proc/" + pid + "/smaps_rollup", "Rss").split(" ")[0]);
  }

  private static String value(String file, String name) {
    for (String line : lines(Path.of(file))) {
      if (line.startsWith(name)) {
        return line.substring(line.indexOf(':') + 1).trim();
      }
    }
    return "unknown";
  }

  private static String[] lines(Path file) {
    try {
      return Files.readString(file).split("\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
