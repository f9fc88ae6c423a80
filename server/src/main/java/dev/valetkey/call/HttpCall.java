package dev.valetkey.call;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One HTTP request as Envoy describes it: a view over the bytes of the check, valid until the next check is read on the
 * same event loop. {@link #copy} gives one that lasts. Not for several threads at once.
 *
 * <p>Every part is a range of {@link #bytes()}; nothing is decoded before somebody asks, so that a check answered from
 * the cache allocates nothing here.
 */
// Ordinals stay in this class, as positions in its two arrays; an EnumMap would box every number.
@SuppressWarnings("EnumOrdinal")
public final class HttpCall implements Check {
  /** The single-valued parts. */
  public enum Part {
    METHOD,
    /** Path and query, as the server will get them. */
    PATH,
    /** The authority, with the agent's case. */
    AUTHORITY,
    /** {@code context_extensions["valetkey.direction"]}. */
    DIRECTION,
    /** {@code context_extensions["valetkey.server"]}. */
    SERVER,
    /** {@code context_extensions["valetkey.unlisted"]}: {@code refuse} where the layout cannot let anything pass. */
    UNLISTED
  }

  private static final int PARTS = Part.values().length;
  private static final byte[] OUTBOUND = ascii("outbound");
  private static final byte[] RETRY = ascii("retry");
  private static final byte[] UNLISTED = ascii("unlisted");
  private static final byte[] INBOUND = ascii("inbound");

  private byte[] bytes;
  private final int[] starts = new int[PARTS];
  private final int[] ends = new int[PARTS];
  /** Four numbers a header: start and end of its name, start and end of its value. */
  private int[] headers;

  private int headerCount;

  /** An empty call over {@code bytes}, which the reader keeps filling. */
  public HttpCall(byte[] bytes) {
    this(bytes, new int[4 * 32]);
    clear();
  }

  private HttpCall(byte[] bytes, int[] headers) {
    this.bytes = bytes;
    this.headers = headers;
  }

  /** Bytes of {@code text}, one for each character; for names that are compared with {@link #is} and {@link #header}. */
  public static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Forgets everything but the buffer. For the reader. */
  public void clear() {
    Arrays.fill(starts, -1);
    Arrays.fill(ends, -1);
    headerCount = 0;
  }

  /** Gives this view another buffer. For the reader. */
  public void over(byte[] buffer) {
    bytes = buffer;
  }

  /** Says where a part is; the last call counts, as in protobuf. For the reader. */
  public void set(Part part, int start, int end) {
    starts[part.ordinal()] = start;
    ends[part.ordinal()] = end;
  }

  /** Adds a header. For the reader. */
  public void addHeader(int nameStart, int nameEnd, int valueStart, int valueEnd) {
    int at = 4 * headerCount;
    if (at == headers.length) {
      headers = Arrays.copyOf(headers, 2 * headers.length);
    }
    headers[at] = nameStart;
    headers[at + 1] = nameEnd;
    headers[at + 2] = valueStart;
    headers[at + 3] = valueEnd;
    headerCount++;
  }

  /** A call with the same content that no later check changes. */
  public HttpCall copy() {
    int end = 0;
    for (int e : ends) {
      end = Math.max(end, e);
    }
    for (int i = 0; i < 4 * headerCount; i++) {
      end = Math.max(end, headers[i]);
    }
    HttpCall copy = new HttpCall(Arrays.copyOf(bytes, end), Arrays.copyOf(headers, 4 * headerCount));
    System.arraycopy(starts, 0, copy.starts, 0, PARTS);
    System.arraycopy(ends, 0, copy.ends, 0, PARTS);
    copy.headerCount = headerCount;
    return copy;
  }

  public Direction direction() {
    if (is(Part.DIRECTION, OUTBOUND)) {
      return Direction.OUTBOUND;
    }
    if (is(Part.DIRECTION, RETRY)) {
      return Direction.RETRY;
    }
    if (is(Part.DIRECTION, UNLISTED)) {
      return Direction.UNLISTED;
    }
    return is(Part.DIRECTION, INBOUND) ? Direction.INBOUND : Direction.UNKNOWN;
  }

  /** The buffer that all positions refer to. Not to be kept and not to be changed. */
  public byte[] bytes() {
    return bytes;
  }

  public boolean has(Part part) {
    return starts[part.ordinal()] >= 0;
  }

  /** Where the part starts; -1 if it is absent. */
  public int start(Part part) {
    return starts[part.ordinal()];
  }

  /** One past the part's last byte; -1 if it is absent. */
  public int end(Part part) {
    return ends[part.ordinal()];
  }

  /** Whether the part is present and has exactly these bytes. */
  public boolean is(Part part, byte[] expected) {
    return has(part) && Arrays.equals(bytes, start(part), end(part), expected, 0, expected.length);
  }

  /** The part, one character for each byte; empty if it is absent. */
  public String text(Part part) {
    return has(part) ? text(start(part), end(part)) : "";
  }

  public int headerCount() {
    return headerCount;
  }

  /** The index of the first header with exactly this (lower-case) name, -1 if there is none. */
  public int header(byte[] name) {
    return header(name, -1);
  }

  /** The index of the first header with this name behind index {@code after}, -1 if there is none. */
  public int header(byte[] name, int after) {
    for (int i = after + 1; i < headerCount; i++) {
      int start = headers[4 * i];
      int end = headers[4 * i + 1];
      if (end - start == name.length && Arrays.equals(bytes, start, end, name, 0, name.length)) {
        return i;
      }
    }
    return -1;
  }

  /** Where the value of header {@code index} starts. */
  public int valueStart(int index) {
    return headers[4 * index + 2];
  }

  /** One past the last byte of the value of header {@code index}. */
  public int valueEnd(int index) {
    return headers[4 * index + 3];
  }

  /** The name of header {@code index}, one character for each byte. */
  public String name(int index) {
    return text(headers[4 * index], headers[4 * index + 1]);
  }

  /** The value of header {@code index}, one character for each byte. */
  public String value(int index) {
    return text(valueStart(index), valueEnd(index));
  }

  private String text(int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
  }

  /** Never the content: it holds the user token. */
  @Override
  public String toString() {
    return "HttpCall[" + direction() + "]";
  }
}
