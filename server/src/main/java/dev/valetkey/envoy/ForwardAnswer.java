package dev.valetkey.envoy;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * An OK {@code CheckResponse} that sets {@code Authorization}: fixed fragments around the bytes of
 * a cache entry, written once and copied only into the network buffer.
 *
 * <pre>
 * CheckResponse { ok_response(3) { headers(2) { header(1) { key(1): "authorization" value(2): VALUE }
 *                                               append_action(3): OVERWRITE_IF_EXISTS_OR_ADD(2) } }
 *                 dynamic_metadata(4) { fields(1) { key(1): "valetkey.token" value(2) { string_value(3): CORRELATION } } } }
 * </pre>
 *
 * {@code append} stays unset: Envoy 1.40 looks at it and not at the action, newer versions may look
 * at the action.
 */
final class ForwardAnswer extends InputStream implements Drainable, KnownLength {
  /** Key of the dynamic metadata that Envoy gives back in its access log. */
  static final String TOKEN_KEY = "valetkey.token";

  private static final byte[] KEY = ProtoWriter.text(1, "authorization");
  private static final byte[] APPEND_ACTION = {3 << 3, 2};

  private final byte[] value;
  private final byte @Nullable [] correlation;
  private @Nullable InputStream slow;

  /**
   * @param value of {@code Authorization}
   * @param correlation goes into the dynamic metadata; null: no metadata
   */
  ForwardAnswer(byte[] value, byte @Nullable [] correlation) {
    this.value = value;
    this.correlation = correlation;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int header = headerLength();
    int option = optionLength(header);
    int ok = okLength(option);
    ProtoWriter.tag(target, 3, ok);
    ProtoWriter.tag(target, 2, option);
    ProtoWriter.tag(target, 1, header);
    target.write(KEY);
    ProtoWriter.tag(target, 2, value.length);
    target.write(value);
    target.write(APPEND_ACTION);
    if (correlation != null) {
      Metadata.drainTo(target, correlation);
    }
    return length(ok);
  }

  /** Number of bytes of the message. */
  @Override
  public int available() {
    return length(okLength(optionLength(headerLength())));
  }

  /** Only for transports that do not drain; gRPC over Netty does. */
  @Override
  public int read() throws IOException {
    return undrained().read();
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    return undrained().read(target, offset, length);
  }

  private InputStream undrained() throws IOException {
    InputStream stream = slow;
    if (stream == null) {
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      drainTo(whole);
      stream = new ByteArrayInputStream(whole.toByteArray());
      slow = stream;
    }
    return stream;
  }

  private int headerLength() {
    return KEY.length + ProtoWriter.sizeOfField(value.length);
  }

  private static int optionLength(int header) {
    return ProtoWriter.sizeOfField(header) + APPEND_ACTION.length;
  }

  private static int okLength(int option) {
    return ProtoWriter.sizeOfField(option);
  }

  private int length(int ok) {
    return ProtoWriter.sizeOfField(ok) + (correlation == null ? 0 : Metadata.length(correlation));
  }

  /** The dynamic metadata. */
  private static final class Metadata {
    private static final byte[] KEY = ProtoWriter.text(1, TOKEN_KEY);

    static int length(byte[] correlation) {
      return ProtoWriter.sizeOfField(ProtoWriter.sizeOfField(entry(correlation)));
    }

    static void drainTo(OutputStream target, byte[] correlation) throws IOException {
      int entry = entry(correlation);
      ProtoWriter.tag(target, 4, ProtoWriter.sizeOfField(entry));
      ProtoWriter.tag(target, 1, entry);
      target.write(KEY);
      ProtoWriter.tag(target, 2, ProtoWriter.sizeOfField(correlation.length));
      ProtoWriter.tag(target, 3, correlation.length);
      target.write(correlation);
    }

    private static int entry(byte[] correlation) {
      return KEY.length + ProtoWriter.sizeOfField(ProtoWriter.sizeOfField(correlation.length));
    }
  }
}
