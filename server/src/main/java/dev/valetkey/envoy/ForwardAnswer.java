package dev.valetkey.envoy;

import dev.valetkey.call.HeaderEdits;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An OK {@code CheckResponse} that sets headers or removes them: fixed fragments around the bytes
 * of a cache entry, written once and copied only into the network buffer.
 *
 * <pre>
 * CheckResponse { ok_response(3) { headers(2) { header(1) { key(1): "authorization" value(2): VALUE }
 *                                               append_action(3): OVERWRITE_IF_EXISTS_OR_ADD(2) }
 *                                  headers_to_remove(5): "baggage" }
 *                 dynamic_metadata(4) { fields(1) { key(1): "valetkey.token" value(2) { string_value(3): CORRELATION } } } }
 * </pre>
 *
 * {@code append} stays unset: Envoy 1.40 looks at it and not at the action, newer versions may look
 * at the action.
 */
final class ForwardAnswer extends InputStream implements Drainable, KnownLength {
  /** Key of the dynamic metadata that Envoy gives back in its access log. */
  static final String TOKEN_KEY = "valetkey.token";

  /** The headers that are ever changed, in the order of {@link #value}. */
  private static final String[] NAMES = {"authorization", "dpop", "baggage", "traceparent"};

  private static final byte[][] KEYS = fields(1);
  private static final byte[][] REMOVALS = fields(5);
  private static final byte[] APPEND_ACTION = {3 << 3, 2};

  /**
   * Room for four tags, the longest key and what ends a header, where a value has less than 2 MiB.
   */
  static final int FRAGMENT = 64;

  private final HeaderEdits edits;
  private final byte @Nullable [] correlation;
  private final byte[] fragment;
  private @Nullable InputStream slow;

  /**
   * @param correlation goes into the dynamic metadata; null: no metadata
   * @param fragment at least {@value #FRAGMENT} bytes, written over while {@link #drainTo} runs and
   *     free again behind it: a thread that drains many answers needs one
   */
  ForwardAnswer(HeaderEdits edits, byte @Nullable [] correlation, byte[] fragment) {
    this.edits = edits;
    this.correlation = correlation;
    this.fragment = fragment;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int ok = okLength();
    // Gathered first: gRPC's stream makes an array of every single byte it is given.
    int at = ProtoWriter.tag(fragment, 0, 3, ok);
    for (int i = 0; i < NAMES.length; i++) {
      byte[] value = value(i);
      if (value != null) {
        at =
            value.length == 0
                ? writeRemoval(target, at, REMOVALS[i])
                : writeHeader(target, at, KEYS[i], value);
      }
    }
    if (correlation == null) {
      target.write(fragment, 0, at);
    } else {
      target.write(fragment, 0, Metadata.begin(fragment, at, correlation));
      target.write(correlation);
    }
    return length(ok);
  }

  /**
   * Writes what was gathered and one header, and gathers its end.
   *
   * @return how much is gathered now
   */
  private int writeHeader(OutputStream target, int gathered, byte[] key, byte[] content)
      throws IOException {
    int header = key.length + ProtoWriter.sizeOfField(content.length);
    int at = ProtoWriter.tag(fragment, gathered, 2, optionLength(header));
    at = ProtoWriter.tag(fragment, at, 1, header);
    at = ProtoWriter.copy(fragment, at, key);
    at = ProtoWriter.tag(fragment, at, 2, content.length);
    target.write(fragment, 0, at);
    target.write(content);
    return ProtoWriter.copy(fragment, 0, APPEND_ACTION);
  }

  private int writeRemoval(OutputStream target, int gathered, byte[] removal) throws IOException {
    target.write(fragment, 0, gathered);
    target.write(removal);
    return 0;
  }

  /** Number of bytes of the message. */
  @Override
  public int available() {
    return length(okLength());
  }

  /** Only for transports that do not drain; gRPC over Netty does. */
  @Override
  public int read() throws IOException {
    return whole().read();
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    return whole().read(target, offset, length);
  }

  private InputStream whole() throws IOException {
    InputStream stream = slow;
    if (stream == null) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      drainTo(bytes);
      stream = new ByteArrayInputStream(bytes.toByteArray());
      slow = stream;
    }
    return stream;
  }

  private int okLength() {
    int length = 0;
    for (int i = 0; i < NAMES.length; i++) {
      byte[] value = value(i);
      if (value != null) {
        length += value.length == 0 ? REMOVALS[i].length : fieldLength(KEYS[i], value);
      }
    }
    return length;
  }

  /** What becomes of a header; empty: it is removed; null: it stays. */
  private byte @Nullable [] value(int name) {
    return switch (name) {
      case 0 -> edits.authorization();
      case 1 -> edits.dpop();
      case 2 -> edits.baggage();
      default -> edits.traceparent();
    };
  }

  private static byte[][] fields(int number) {
    return Arrays.stream(NAMES).map(name -> ProtoWriter.text(number, name)).toArray(byte[][]::new);
  }

  private static int fieldLength(byte[] key, byte[] content) {
    int header = key.length + ProtoWriter.sizeOfField(content.length);
    return ProtoWriter.sizeOfField(optionLength(header));
  }

  private static int optionLength(int header) {
    return ProtoWriter.sizeOfField(header) + APPEND_ACTION.length;
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

    /** Everything before the correlation. */
    static int begin(byte[] fragment, int start, byte[] correlation) {
      int entry = entry(correlation);
      int at = ProtoWriter.tag(fragment, start, 4, ProtoWriter.sizeOfField(entry));
      at = ProtoWriter.tag(fragment, at, 1, entry);
      at = ProtoWriter.copy(fragment, at, KEY);
      at = ProtoWriter.tag(fragment, at, 2, ProtoWriter.sizeOfField(correlation.length));
      return ProtoWriter.tag(fragment, at, 3, correlation.length);
    }

    private static int entry(byte[] correlation) {
      return KEY.length + ProtoWriter.sizeOfField(ProtoWriter.sizeOfField(correlation.length));
    }
  }
}
