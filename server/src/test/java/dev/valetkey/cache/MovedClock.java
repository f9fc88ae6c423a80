package dev.valetkey.cache;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until it is moved, in either direction. */
final class MovedClock implements InstantSource {
  private final AtomicLong now =
      new AtomicLong(Instant.parse("2026-11-01T12:00:00Z").toEpochMilli());

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(now.get());
  }

  @Override
  public long millis() {
    return now.get();
  }

  void move(Duration duration) {
    now.addAndGet(duration.toMillis());
  }
}
