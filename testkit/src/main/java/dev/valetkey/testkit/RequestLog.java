package dev.valetkey.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * What a counterpart saw, in order of arrival. Threads: all; written by the connections, read by
 * the test.
 */
public final class RequestLog {
  private final List<SeenRequest> requests = new ArrayList<>();
  private final AtomicLong count = new AtomicLong();
  private volatile boolean recording;

  RequestLog(boolean recording) {
    this.recording = recording;
  }

  void add(SeenRequest request) {
    count.incrementAndGet();
    if (recording) {
      synchronized (requests) {
        requests.add(request);
      }
    }
  }

  /** Off under load: requests are counted and forgotten. */
  public void recording(boolean on) {
    recording = on;
  }

  public List<SeenRequest> all() {
    synchronized (requests) {
      return List.copyOf(requests);
    }
  }

  /** The newest request; fails when there is none. */
  public SeenRequest last() {
    return all().getLast();
  }

  public List<SeenRequest> where(Predicate<SeenRequest> wanted) {
    return all().stream().filter(wanted).toList();
  }

  /** How many arrived, recorded or not. */
  public long count() {
    return count.get();
  }

  /** Waits until this many have arrived since the last {@link #clear()}. */
  public void await(int atLeast, Duration patience) {
    Poll.until(patience, atLeast + " requests", () -> count() >= atLeast);
  }

  public void clear() {
    synchronized (requests) {
      requests.clear();
      count.set(0);
    }
  }

  /** All of it as one text to be searched. */
  public String wireText() {
    StringBuilder text = new StringBuilder();
    all().forEach(r -> text.append(r.wireText()).append('\n'));
    return text.toString();
  }
}
