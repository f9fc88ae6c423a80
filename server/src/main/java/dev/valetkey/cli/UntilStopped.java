package dev.valetkey.cli;

import dev.valetkey.telemetry.Log;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that works until it is told to stop (SIGTERM), and then exits with its own status. */
final class UntilStopped {
  private static final Logger LOG = LoggerFactory.getLogger(UntilStopped.class);

  private UntilStopped() {}

  /**
   * Runs the work on this thread.
   *
   * @param work is given what is counted down when the process shall stop; ends soon after, with
   *     the exit status
   */
  static int run(ToIntFunction<CountDownLatch> work) {
    CountDownLatch told = new CountDownLatch(1);
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(told, closed), "stop"));
    int status = ExitStatus.FAILED;
    try {
      status = work.applyAsInt(told);
    } finally {
      closed.complete(status);
    }
    return status;
  }

  /** The process lives until this returns; the main thread closes everything meanwhile. */
  private static void stop(CountDownLatch told, CompletableFuture<Integer> closed) {
    LOG.atInfo().log("stopping");
    told.countDown();
    // Not a join of the thread: it may be in System.exit, which waits for this.
    int status = closed.join();
    Log.stop();
    // Of itself the JVM would say 143 after SIGTERM, as if it had been killed.
    Runtime.getRuntime().halt(status);
  }
}
