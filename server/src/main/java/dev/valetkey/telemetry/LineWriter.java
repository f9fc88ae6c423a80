package dev.valetkey.telemetry;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines to a sink from a thread of its own, so that a sink that is blocked blocks nobody
 * else. At most a fixed number of items wait; what comes while they do is dropped, counted, and
 * reported by one line once there is room.
 *
 * @param <T> what a line is made from
 */
final class LineWriter<T> implements AutoCloseable {
  private static final int BATCH_BYTES = 64 * 1024;

  private final String name;
  private final OutputStream sink;
  private final int capacity;
  private final Duration gather;
  private final Lines<T> lines;
  private final LongConsumer onDropped;

  private final ConcurrentLinkedQueue<T> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong dropped = new AtomicLong();
  // These three belong to the writer's thread.
  private final JsonLines batch = new JsonLines();
  private long reported;
  private boolean failed;
  private volatile boolean idle;
  private volatile boolean closing;
  // Written by start and close, under this object's lock.
  private volatile @Nullable Thread thread;

  /** Makes lines; called by the writer's thread only. */
  interface Lines<T> {
    /** Writes what this item has to say: any number of lines. */
    void write(T item, LineWriter<T> to);

    /** Reports that this many lines never reached the sink. */
    void writeDropped(long count, LineWriter<T> to);

    /**
     * Called whenever the queue is empty, for lines that are due by time.
     *
     * @param last whether the writer is closing and everything is due
     * @return how long the writer may rest at most
     */
    Duration writeDue(boolean last, LineWriter<T> to);
  }

  /**
   * @param capacity how many items may wait
   * @param gather how long the first item waits for company; one wake-up and one write then serve
   *     them all
   * @param onDropped told how many lines were dropped, on any thread
   */
  LineWriter(
      String name,
      OutputStream sink,
      int capacity,
      Duration gather,
      Lines<T> lines,
      LongConsumer onDropped) {
    this.name = name;
    this.sink = sink;
    this.capacity = capacity;
    this.gather = gather;
    this.lines = lines;
    this.onDropped = onDropped;
  }

  synchronized LineWriter<T> start() {
    if (thread == null && !closing) {
      thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }
    return this;
  }

  /** Hands an item over. Takes no lock and never waits; false if it was dropped. */
  boolean offer(T item) {
    if (closing) {
      drop(1);
      return false;
    }
    if (waiting.incrementAndGet() > capacity) {
      waiting.decrementAndGet();
      drop(1);
      return false;
    }
    queue.add(item);
    if (idle) {
      idle = false;
      LockSupport.unpark(thread);
    }
    return true;
  }

  /** The line that is being made. */
  JsonLines line() {
    if (batch.length() >= BATCH_BYTES) {
      flush();
    }
    return batch.begin();
  }

  /** Adds a line that was made elsewhere. */
  void line(byte[] line) {
    if (batch.length() >= BATCH_BYTES) {
      flush();
    }
    batch.line(line);
  }

  /**
   * Writes what waits, for at most this long if the sink is blocked, and ends the thread. What
   * comes later is dropped.
   */
  void close(Duration patience) {
    Thread running;
    synchronized (this) {
      closing = true;
      running = thread;
    }
    if (running == null) {
      return;
    }
    LockSupport.unpark(running);
    try {
      // A sink that is still blocked then keeps its daemon thread, which does not hold up the end
      // of the process.
      running.join(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until everything handed over so far has reached the sink, but no longer than {@code
   * patience}.
   */
  void flush(Duration patience) {
    // The thread is idle only after it has written; who hands something over counts it first.
    for (long left = patience.toMillis(); left > 0 && !(waiting.get() == 0 && idle); left--) {
      LockSupport.parkNanos(this, 1_000_000);
    }
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(2));
  }

  private void run() {
    boolean last;
    do {
      // Read first, so that whatever was handed over before the close is still written.
      last = closing;
      reportDropped();
      T item;
      while ((item = queue.poll()) != null) {
        waiting.decrementAndGet();
        write(item);
      }
      Duration rest = writeDue(last);
      flush();
      if (!last) {
        rest(rest);
      }
    } while (!last);
  }

  private void rest(Duration longest) {
    idle = true;
    // What was dropped is reported at once, unless it was the sink that failed: that would fail
    // again, without end.
    if (queue.isEmpty() && (failed || dropped.get() == 0) && !closing) {
      LockSupport.parkNanos(this, longest.toNanos());
    }
    idle = false;
    if (!closing && gather.isPositive() && !queue.isEmpty()) {
      LockSupport.parkNanos(this, gather.toNanos());
    }
  }

  private void write(T item) {
    try {
      lines.write(item, this);
    } catch (RuntimeException e) {
      // A line that cannot be made must not end the thread that writes all others.
      batch.cut();
      drop(1);
    }
  }

  private Duration writeDue(boolean last) {
    try {
      return lines.writeDue(last, this);
    } catch (RuntimeException e) {
      batch.cut();
      drop(1);
      return Duration.ofSeconds(1);
    }
  }

  private void reportDropped() {
    reported = dropped.getAndSet(0);
    if (reported > 0) {
      lines.writeDropped(reported, this);
    }
  }

  private void drop(long count) {
    dropped.addAndGet(count);
    onDropped.accept(count);
  }

  private void flush() {
    if (batch.length() == 0) {
      return;
    }
    try {
      sink.write(batch.array(), 0, batch.length());
      sink.flush();
      failed = false;
    } catch (IOException e) {
      failed = true;
      dropped.addAndGet(reported);
      drop(reported > 0 ? batch.lines() - 1 : batch.lines());
    }
    reported = 0;
    batch.clear();
  }
}
