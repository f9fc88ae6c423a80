package dev.valetkey.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when the content of files changes. It compares digests of the content and nothing else:
 * this sees a file that is replaced, a link that is turned to another folder (as Kubernetes does
 * with {@code ..data}) and a second write within one tick of the file system's clock, and it does
 * not see a touch. A file that cannot be read counts as a content of its own.
 *
 * <p>A file caught half-written is reported, and reported again when it is complete.
 */
public final class FileWatcher implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FileWatcher.class);

  private static final String UNREADABLE = "unreadable";
  private static final int BUFFER = 8192;

  private final Duration interval;
  private final Consumer<Set<Path>> listener;
  private final Map<Path, String> digests = new ConcurrentHashMap<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * Does nothing until {@link #watch} and {@link #start}.
   *
   * @param interval between two looks at the files
   * @param listener gets the files that changed, never none of them; called by the watcher's
   *     thread, one call at a time. What it throws is logged and ends nothing
   */
  public FileWatcher(Duration interval, Consumer<Set<Path>> listener) {
    this.interval = interval;
    this.listener = listener;
  }

  /**
   * Watches exactly these files from now on. Called before the files are read, it makes sure that
   * no change is missed; a file that was watched before keeps what is known of it. Any thread.
   */
  public void watch(Set<Path> files) {
    digests.keySet().retainAll(files);
    files.forEach(file -> digests.computeIfAbsent(file, FileWatcher::digest));
  }

  /** Begins to look, on a virtual thread that ends with {@link #close}. */
  public void start() {
    Thread.ofVirtual().name("file-watcher").start(this::run);
  }

  /** Looks no more. A call of the listener that is under way is not waited for. */
  @Override
  public void close() {
    closed.countDown();
  }

  /** Looks once. */
  void poll() {
    Set<Path> changed = new TreeSet<>();
    digests.forEach((file, before) -> {
      String now = digest(file);
      if (!now.equals(before) && digests.replace(file, before, now)) {
        changed.add(file);
      }
    });
    if (!changed.isEmpty()) {
      listener.accept(changed);
    }
  }

  private void run() {
    try {
      while (!closed.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
        pollSafely();
      }
    } catch (InterruptedException e) {
      // Only who ends the program interrupts this thread.
      Thread.currentThread().interrupt();
    }
  }

  private void pollSafely() {
    try {
      poll();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("looking at changed files failed");
    }
  }

  private static String digest(Path file) {
    // A pipe would be waited for.
    if (!Files.isRegularFile(file)) {
      return UNREADABLE;
    }
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      return UNREADABLE;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
