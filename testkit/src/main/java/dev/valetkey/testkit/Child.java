package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A process of ours. What it prints is kept in memory and in {@code NAME.out} and {@code NAME.err}.
 * It dies with {@link #close}, at the latest with this JVM.
 */
public final class Child implements AutoCloseable {
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
  }

  /** What a pipe brought so far; written by its reader, read by all. */
  private static final class Output {
    private final StringBuilder text = new StringBuilder();

    private synchronized void add(String line) {
      text.append(line).append('\n');
    }

    @Override
    public synchronized String toString() {
      return text.toString();
    }
  }

  private final String name;
  private final Process process;
  private final Output out = new Output();
  private final Output err = new Output();
  private final List<Thread> readers;

  private Child(String name, Process process, Path folder) {
    this.name = name;
    this.process = process;
    this.readers =
        List.of(
            copy(process.getInputStream(), out, folder.resolve(name + ".out")),
            copy(process.getErrorStream(), err, folder.resolve(name + ".err")));
  }

  /**
   * Starts a command; the folder is its working directory and takes its output. Environment entries
   * are added to ours.
   */
  public static Child start(
      String name, Path folder, Map<String, String> environment, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      RUNNING.add(process);
      process.getOutputStream().close();
      return new Child(name, process, folder);
    } catch (IOException noSuchCommand) {
      throw new UncheckedIOException(noSuchCommand);
    }
  }

  /**
   * Runs a command to its end and gives its standard output; fails with all its output when its
   * status is not 0.
   */
  public static String run(List<String> command) {
    return run(Duration.ofMinutes(10), Map.of(), command);
  }

  /** The same with a limit and additions to the environment. */
  public static String run(
      Duration patience, Map<String, String> environment, List<String> command) {
    try {
      Path folder = Files.createTempDirectory("valetkey-run");
      try (Child child = start("run", folder, environment, command)) {
        int status = child.awaitExit(patience);
        if (status != 0) {
          throw new IllegalStateException(
              command.getFirst() + ": status " + status + "\n" + child.out() + child.err());
        }
        return child.out();
      } finally {
        Files.deleteIfExists(folder.resolve("run.out"));
        Files.deleteIfExists(folder.resolve("run.err"));
        Files.deleteIfExists(folder);
      }
    } catch (IOException noFolder) {
      throw new UncheckedIOException(noFolder);
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Standard output so far. */
  public String out() {
    return out.toString();
  }

  /** Standard error so far. */
  public String err() {
    return err.toString();
  }

  /** Waits until standard output contains this text. */
  public void awaitOut(String text, Duration patience) {
    await(patience, "'" + text + "' on standard output", () -> out().contains(text));
  }

  /** Waits until standard error contains this text. */
  public void awaitErr(String text, Duration patience) {
    await(patience, "'" + text + "' on standard error", () -> err().contains(text));
  }

  /** Waits for a condition; fails at once, with what the process said, when it ends before. */
  public void await(Duration patience, String what, BooleanSupplier condition) {
    Poll.until(
        patience,
        () -> name + ": no " + what + tail(),
        () -> {
          if (condition.getAsBoolean()) {
            return true;
          }
          if (!process.isAlive()) {
            joinReaders();
            if (condition.getAsBoolean()) {
              return true;
            }
            throw new AssertionError(
                name + " ended with status " + process.exitValue() + " before " + what + tail());
          }
          return false;
        });
  }

  /** Waits for its end and for the last of its output. */
  public int awaitExit(Duration patience) {
    try {
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(name + " still runs after " + patience + tail());
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new AssertionError(name + ": interrupted", stop);
    }
    RUNNING.remove(process);
    joinReaders();
    return process.exitValue();
  }

  /** Asks it to end (SIGTERM) and gives its exit status. */
  public int terminate(Duration patience) {
    ask();
    return awaitExit(patience);
  }

  /** Sends any signal by its name, such as {@code STOP}, {@code CONT}, {@code KILL}. */
  public void signal(String signal) {
    run(List.of("kill", "-" + signal, String.valueOf(pid())));
  }

  /**
   * Ends it, by force when it takes longer than five seconds; its output is complete afterwards.
   */
  @Override
  public void close() {
    RUNNING.remove(process);
    ask();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException stop) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    joinReaders();
  }

  /** By its handle: {@link Process#destroy} would close the pipes and lose its last words. */
  private void ask() {
    process.toHandle().destroy();
  }

  private String tail() {
    String all = err() + out();
    return "\n" + all.substring(Math.max(0, all.length() - 4000));
  }

  private void joinReaders() {
    try {
      for (Thread reader : readers) {
        reader.join(Duration.ofSeconds(5)); // a grandchild may hold the pipe
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread copy(InputStream from, Output memory, Path file) {
    return Thread.ofPlatform()
        .daemon()
        .name("output of " + file.getFileName())
        .start(() -> {
          try (BufferedReader lines = new BufferedReader(new InputStreamReader(from, UTF_8));
              Writer kept = Files.newBufferedWriter(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
              memory.add(line);
              kept.append(line).append(System.lineSeparator()).flush();
            }
          } catch (IOException pipeClosed) {
            // The process is gone; what it said is kept.
          }
        });
  }
}
