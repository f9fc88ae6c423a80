package dev.valetkey.envoy;

import dev.valetkey.call.Check;
import dev.valetkey.call.Check.Malformed;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads {@code envoy.service.auth.v3.CheckRequest}: the few fields that count, in place. Generated
 * code would decode every header into objects; this reads a check in well under a microsecond and
 * allocates nothing. It is held against the generated code in a test. For one event loop; the call
 * it returns is valid until the next {@link #read}.
 *
 * <p>Headers are in {@code header_map} ({@code encode_raw_headers}, as our own layouts say) or in
 * the map {@code headers}, where Envoy has joined those of one name; in one of them, not in both.
 *
 * <p>Every input gives a value: bytes that are no message, or one without headers, are {@link
 * Malformed}. As in generated code, a field that comes twice is merged and the last text counts.
 */
final class CheckReader {
  /** Larger messages are refused; Envoy's header limit keeps real ones below 60 kB. */
  static final int MAX_BYTES = 64 * 1024;

  private static final Malformed MALFORMED = new Malformed(Reason.MALFORMED);
  private static final Malformed TOO_LARGE = new Malformed(Reason.TOO_LARGE);

  private static final byte[] DIRECTION = HttpCall.ascii("valetkey.direction");
  private static final byte[] SERVER = HttpCall.ascii("valetkey.server");
  private static final byte[] UNLISTED = HttpCall.ascii("valetkey.unlisted");

  private final byte[] buffer = new byte[MAX_BYTES];
  private final HttpCall call = new HttpCall(buffer);
  private final ProtoCursor request = new ProtoCursor();
  private final ProtoCursor attributes = new ProtoCursor();
  private final ProtoCursor attributesRequest = new ProtoCursor();
  private final ProtoCursor http = new ProtoCursor();
  private final ProtoCursor headerMap = new ProtoCursor();
  private final ProtoCursor entry = new ProtoCursor();
  private boolean hasHeaderMap;
  private boolean hasHeaders;

  // Where the entry of a map that was read last has its key and its value.
  private int keyStart;
  private int keyEnd;
  private int valueStart;
  private int valueEnd;

  /** The check in {@code message}, which is read to its end or to {@link #MAX_BYTES}. */
  Check read(InputStream message) throws IOException {
    int length = message.readNBytes(buffer, 0, buffer.length);
    if (length == buffer.length && message.read() >= 0) {
      return TOO_LARGE;
    }
    call.clear();
    hasHeaderMap = false;
    hasHeaders = false;
    boolean sound = readRequest(length) && hasHeaderMap != hasHeaders;
    return sound && call.has(Part.METHOD) ? call : MALFORMED;
  }

  private boolean readRequest(int length) {
    request.over(buffer, 0, length);
    boolean sound = true;
    while (sound && request.next()) {
      if (request.is(1)) {
        sound = readAttributes(request);
      }
    }
    return sound && !request.failed();
  }

  private boolean readAttributes(ProtoCursor from) {
    attributes.over(buffer, from.valueStart(), from.valueEnd());
    boolean sound = true;
    while (sound && attributes.next()) {
      if (attributes.is(4)) {
        sound = readAttributesRequest(attributes);
      } else if (attributes.is(10)) {
        sound = readContextExtension(attributes);
      }
    }
    return sound && !attributes.failed();
  }

  private boolean readAttributesRequest(ProtoCursor from) {
    attributesRequest.over(buffer, from.valueStart(), from.valueEnd());
    boolean sound = true;
    while (sound && attributesRequest.next()) {
      if (attributesRequest.is(2)) {
        sound = readHttp(attributesRequest);
      }
    }
    return sound && !attributesRequest.failed();
  }

  private boolean readHttp(ProtoCursor from) {
    http.over(buffer, from.valueStart(), from.valueEnd());
    boolean sound = true;
    while (sound && http.next()) {
      if (http.is(2)) {
        call.set(Part.METHOD, http.valueStart(), http.valueEnd());
      } else if (http.is(3)) {
        hasHeaders = true;
        sound = readJoinedHeader(http);
      } else if (http.is(4)) {
        call.set(Part.PATH, http.valueStart(), http.valueEnd());
      } else if (http.is(5)) {
        call.set(Part.AUTHORITY, http.valueStart(), http.valueEnd());
      } else if (http.is(13)) {
        hasHeaderMap = true;
        sound = readHeaderMap(http);
      }
    }
    return sound && !http.failed();
  }

  private boolean readHeaderMap(ProtoCursor from) {
    headerMap.over(buffer, from.valueStart(), from.valueEnd());
    boolean sound = true;
    while (sound && headerMap.next()) {
      if (headerMap.is(1)) {
        sound = readHeader(headerMap);
      }
    }
    return sound && !headerMap.failed();
  }

  /**
   * HeaderValue: key 1, value 2, raw_value 3. Envoy fills value or raw_value; an empty header has
   * neither.
   */
  private boolean readHeader(ProtoCursor from) {
    entry.over(buffer, from.valueStart(), from.valueEnd());
    int nameStart = 0;
    int nameEnd = 0;
    int textStart = 0;
    int textEnd = 0;
    int rawStart = 0;
    int rawEnd = 0;
    while (entry.next()) {
      if (entry.is(1)) {
        nameStart = entry.valueStart();
        nameEnd = entry.valueEnd();
      } else if (entry.is(2)) {
        textStart = entry.valueStart();
        textEnd = entry.valueEnd();
      } else if (entry.is(3)) {
        rawStart = entry.valueStart();
        rawEnd = entry.valueEnd();
      }
    }
    if (rawEnd > rawStart && textEnd > textStart) {
      return false; // two values for one header: no telling which the server will see
    }
    if (rawEnd > rawStart) {
      call.addHeader(nameStart, nameEnd, rawStart, rawEnd);
    } else {
      call.addHeader(nameStart, nameEnd, textStart, textEnd);
    }
    return !entry.failed();
  }

  private boolean readJoinedHeader(ProtoCursor from) {
    boolean sound = readMapEntry(from);
    call.addHeader(keyStart, keyEnd, valueStart, valueEnd);
    return sound;
  }

  /** The last entry of a key counts. */
  private boolean readContextExtension(ProtoCursor from) {
    boolean sound = readMapEntry(from);
    if (Arrays.equals(buffer, keyStart, keyEnd, DIRECTION, 0, DIRECTION.length)) {
      call.set(Part.DIRECTION, valueStart, valueEnd);
    } else if (Arrays.equals(buffer, keyStart, keyEnd, SERVER, 0, SERVER.length)) {
      call.set(Part.SERVER, valueStart, valueEnd);
    } else if (Arrays.equals(buffer, keyStart, keyEnd, UNLISTED, 0, UNLISTED.length)) {
      call.set(Part.UNLISTED, valueStart, valueEnd);
    }
    return sound;
  }

  /** A map entry: key 1, value 2. */
  private boolean readMapEntry(ProtoCursor from) {
    entry.over(buffer, from.valueStart(), from.valueEnd());
    keyStart = 0;
    keyEnd = 0;
    valueStart = 0;
    valueEnd = 0;
    while (entry.next()) {
      if (entry.is(1)) {
        keyStart = entry.valueStart();
        keyEnd = entry.valueEnd();
      } else if (entry.is(2)) {
        valueStart = entry.valueStart();
        valueEnd = entry.valueEnd();
      }
    }
    return !entry.failed();
  }
}
