package dev.valetkey.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.OutputStream;
import java.time.Duration;

/**
 * Hands finished lines to a {@link LineWriter}: a standard error that nobody reads blocks no
 * request. Lines are made on the caller's thread, before anything they name can change.
 */
final class LogAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private static final int CAPACITY = 1024;
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final LogLine form;
  private final LineWriter<byte[]> writer;

  /** How an event becomes a line, or several. */
  interface LogLine {
    byte[] toBytes(ILoggingEvent event);

    byte[] dropped(long count);
  }

  LogAppender(OutputStream sink, LogLine form) {
    this.form = form;
    this.writer =
        new LineWriter<>("log", sink, CAPACITY, Duration.ZERO, new Finished(), count -> {});
  }

  @Override
  public void start() {
    writer.start();
    super.start();
  }

  @Override
  public void stop() {
    super.stop();
    writer.close(PATIENCE);
  }

  /** Waits until what was logged is written; a second at most. */
  void flush() {
    writer.flush(PATIENCE);
  }

  @Override
  protected void append(ILoggingEvent event) {
    writer.offer(form.toBytes(event));
  }

  private final class Finished implements LineWriter.Lines<byte[]> {
    @Override
    public void write(byte[] line, LineWriter<byte[]> to) {
      to.line(line);
    }

    @Override
    public void writeDropped(long count, LineWriter<byte[]> to) {
      to.line(form.dropped(count));
    }

    @Override
    public Duration writeDue(boolean last, LineWriter<byte[]> to) {
      return LONG;
    }
  }
}
