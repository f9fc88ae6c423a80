package dev.valetkey.envoy;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * A message whose bytes are ready; gRPC takes them in one piece, without a buffer of its own
 * between.
 */
final class ReadyAnswer extends ByteArrayInputStream implements Drainable, KnownLength {
  ReadyAnswer(byte[] message) {
    super(message);
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int length = available();
    target.write(buf, pos, length);
    pos = count;
    return length;
  }
}
