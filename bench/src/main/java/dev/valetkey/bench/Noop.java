package dev.valetkey.bench;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/**
 * The floor under every check: the same stack, which reads the message into one buffer and answers
 * with bytes of the same length as the sidecar's, and decides nothing.
 */
final class Noop implements ServerCallHandler<Integer, InputStream> {
  private final byte[] answer;

  Noop(byte[] answer) {
    this.answer = answer;
  }

  ServerServiceDefinition definition() {
    MethodDescriptor<Integer, InputStream> check =
        MethodDescriptor.<Integer, InputStream>newBuilder()
            .setType(MethodType.UNARY)
            .setFullMethodName(RawBytes.CHECK.getFullMethodName())
            .setRequestMarshaller(new Reader())
            .setResponseMarshaller(new Writer())
            .build();
    return ServerServiceDefinition.builder(RawBytes.SERVICE).addMethod(check, this).build();
  }

  @Override
  public ServerCall.Listener<Integer> startCall(
      ServerCall<Integer, InputStream> call, Metadata headers) {
    call.request(1);
    return new ServerCall.Listener<>() {
      @Override
      public void onHalfClose() {
        call.sendHeaders(new Metadata());
        call.sendMessage(new Answer(answer));
        call.close(Status.OK, new Metadata());
      }
    };
  }

  /** Bytes that gRPC takes without a buffer in between. */
  private static final class Answer extends ByteArrayInputStream implements Drainable, KnownLength {
    Answer(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int length = available();
      target.write(buf, pos, length);
      return length;
    }
  }

  /** Gives a number that needs no memory. */
  private static final class Reader implements MethodDescriptor.Marshaller<Integer> {
    private final byte[] buffer = new byte[64 * 1024];

    @Override
    public Integer parse(InputStream stream) {
      try {
        return stream.readNBytes(buffer, 0, buffer.length) > 0 ? 1 : 0;
      } catch (IOException e) {
        throw new UncheckedIOException("a message in memory cannot fail to be read", e);
      }
    }

    @Override
    public InputStream stream(Integer value) {
      throw new UnsupportedOperationException("a server sends no requests");
    }
  }

  private static final class Writer implements MethodDescriptor.Marshaller<InputStream> {
    @Override
    public InputStream stream(InputStream value) {
      return value;
    }

    @Override
    public InputStream parse(InputStream stream) {
      throw new UnsupportedOperationException("a server reads no responses");
    }
  }
}
