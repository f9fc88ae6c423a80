package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** The machine's two clocks, moved forward together by hand. */
public final class MovedTime implements InstantSource, LongSupplier {
  private final AtomicLong moved = new AtomicLong();

  public void forward(Duration by) {
    moved.addAndGet(by.toNanos());
  }

  public Deadline deadline(Duration from) {
    return Deadline.after(from, this);
  }

  /** Far enough for everything that goes well. */
  public Deadline deadline() {
    return deadline(Duration.ofSeconds(20));
  }

  @Override
  public Instant instant() {
    return Instant.now().plusNanos(moved.get());
  }

  @Override
  public long getAsLong() {
    return System.nanoTime() + moved.get();
  }
}
