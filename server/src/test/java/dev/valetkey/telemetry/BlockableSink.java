package dev.valetkey.telemetry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Semaphore;

/** A sink that can be made to block like a full pipe, or to fail like a closed one. */
final class BlockableSink extends OutputStream {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final Semaphore open = new Semaphore(1);
  private volatile boolean broken;
  private volatile boolean entered;

  void block() {
    open.acquireUninterruptibly();
    entered = false;
  }

  void unblock() {
    open.release();
  }

  void breakPipe(boolean broken) {
    this.broken = broken;
  }

  /** Whether somebody came to write since the last {@link #block}. */
  boolean entered() {
    return entered;
  }

  List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    entered = true;
    open.acquireUninterruptibly();
    open.release();
    if (broken) {
      throw new IOException("broken pipe");
    }
    written.write(bytes, offset, length);
  }
}
