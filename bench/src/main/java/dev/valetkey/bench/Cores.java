package dev.valetkey.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the measured process and its load apart: server on the first core, load on the last. With
 * {@code chrt -r 1} others on the machine wait, and not we; where that is not allowed, we go
 * without.
 */
final class Cores {
  private static final boolean TASKSET = works("taskset", "-c", "0", "true");
  private static final boolean CHRT = works("chrt", "-r", "1", "true");

  private Cores() {}

  /** Cores of the machine; this process may be pinned to one of them. */
  static int count() {
    return Integer.getInteger("bench.cores", Runtime.getRuntime().availableProcessors());
  }

  /** What a command of the measured process begins with. */
  static List<String> server() {
    return prefix(0);
  }

  /** What a command of the load begins with. */
  static List<String> load() {
    return prefix(count() - 1);
  }

  /**
   * Moves a process that was started from here, all its threads, to the measured process's core.
   */
  static void moveToServer(long pid) {
    if (TASKSET && !works("taskset", "-a", "-c", "-p", "0", String.valueOf(pid))) {
      throw new IllegalStateException("cannot move process " + pid);
    }
  }

  static String describe() {
    return (TASKSET ? "server and load on cores of their own (taskset)" : "not pinned")
        + (CHRT ? ", ahead of other processes (chrt -r 1)" : ", no real-time priority");
  }

  private static List<String> prefix(int core) {
    List<String> command = new ArrayList<>();
    if (TASKSET) {
      command.addAll(List.of("taskset", "-c", String.valueOf(core)));
    }
    if (CHRT) {
      command.addAll(List.of("chrt", "-r", "1"));
    }
    return command;
  }

  private static boolean works(String... command) {
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
