package dev.valetkey.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Scanner;

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
    try (Scanner fields = new Scanner(lines(STAT).getFirst())) {
      fields.next();
      long all = 0;
      long last = 0;
      // user nice system idle iowait irq softirq steal
      for (int i = 0; i < 8; i++) {
        last = fields.nextLong();
        all += last;
      }
      return new Ticks(all, last);
    }
  }

  /** One line for the head of a table. */
  static String describe() {
    String averages = lines(Path.of("/proc/loadavg")).getFirst();
    String load = averages.substring(0, averages.indexOf(' '));
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
    String rss = value("/proc/" + pid + "/smaps_rollup", "Rss");
    return Long.parseLong(rss.substring(0, rss.indexOf(' ')));
  }

  private static String value(String file, String name) {
    for (String line : lines(Path.of(file))) {
      if (line.startsWith(name)) {
        return line.substring(line.indexOf(':') + 1).trim();
      }
    }
    return "unknown";
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
