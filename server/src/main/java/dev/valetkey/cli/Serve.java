package dev.valetkey.cli;

import static java.util.Objects.requireNonNull;

import dev.valetkey.config.Config;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.config.FileWatcher;
import dev.valetkey.config.ReadResult;
import dev.valetkey.config.Warning;
import dev.valetkey.telemetry.Log;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code valetkey serve}: a sidecar from start to drain, and the file it runs by. */
final class Serve {
  private static final Logger LOG = LoggerFactory.getLogger(Serve.class);

  private Serve() {}

  /** Runs until the process is told to stop. The exit status is config.md's. */
  static int run(Path file) {
    Log.start();
    Reload reload = new Reload(file);
    return switch (ConfigReader.read(file)) {
      case ReadResult.Problems bad -> {
        bad.problems().forEach(System.err::println);
        System.err.println(
            bad.problems().size() == 1 ? "1 problem" : bad.problems().size() + " problems");
        yield ExitStatus.BAD_USE;
      }
      case ReadResult.Loaded good -> {
        warn(good.warnings());
        yield UntilStopped.run(told -> runUntil(told, good.config(), reload));
      }
    };
  }

  private static int runUntil(CountDownLatch told, Config config, Reload reload) {
    try (reload;
        Sidecar sidecar = new Sidecar(config, new FileOutputStream(FileDescriptor.out))) {
      sidecar.prepare();
      reload.start(sidecar, config);
      told.await();
      return ExitStatus.FINE;
    } catch (IOException e) {
      LOG.atError().addKeyValue("cause", e.getMessage()).log("cannot start");
      return ExitStatus.FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitStatus.FAILED;
    }
  }

  private static void warn(List<Warning> warnings) {
    warnings.forEach(
        warning -> LOG.atWarn().addKeyValue("warning", warning.toString()).log("configuration"));
  }

  /** Takes changes of the file and of those it names into the running sidecar. */
  private static final class Reload implements AutoCloseable {
    /** Well within the 10 s that design.md §10 allows. */
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    private final Path file;
    private final FileWatcher watcher = new FileWatcher(INTERVAL, this::changed);

    /** Written once, by {@link #start}, before the watcher's thread begins. */
    private @Nullable Sidecar running;

    /** Made before the file is first read, so that no change is missed. */
    Reload(Path file) {
      this.file = file;
      watcher.watch(Set.of(file));
    }

    void start(Sidecar sidecar, Config config) {
      running = sidecar;
      watch(config);
      watcher.start();
    }

    private void changed(Set<Path> changed) {
      Sidecar sidecar = requireNonNull(running);
      if (changed.contains(file)) {
        switch (ConfigReader.read(file)) {
          case ReadResult.Problems bad -> sidecar.keep(bad.problems());
          case ReadResult.Loaded good -> {
            warn(good.warnings());
            sidecar.use(good.config());
            watch(good.config());
          }
        }
      }
      sidecar.filesChanged();
    }

    private void watch(Config config) {
      Set<Path> files = new HashSet<>(config.files());
      files.add(file);
      watcher.watch(files);
    }

    @Override
    public void close() {
      watcher.close();
    }
  }
}
