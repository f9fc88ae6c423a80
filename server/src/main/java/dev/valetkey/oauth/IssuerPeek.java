package dev.valetkey.oauth;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Looks for {@code iss} in something that may be, or may once have been, a JWT. Stateless. */
final class IssuerPeek {
  /** Bytes of the largest payload that is looked at; Envoy's limit for all headers is below it. */
  private static final int MAX_BYTES = 96 * 1024;

  private IssuerPeek() {}

  static @Nullable String issuer(byte[] bytes, int start, int end) {
    int from = Math.max(0, start);
    int to = Math.min(bytes.length, end);
    int payload = indexOfDot(bytes, from, to) + 1;
    int stop = indexOfDot(bytes, payload, to);
    // Without a dot, or with a payload that cannot begin an object, it is none of ours: most
    // credentials end here.
    if (payload > to || stop - payload < 8 || stop - payload > MAX_BYTES) {
      return null;
    }
    byte[] json = decode(bytes, payload, stop);
    if (json == null) {
      return null;
    }
    try (Reader text =
            new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8);
        JsonReader reader = new JsonReader(text)) {
      reader.setStrictness(Strictness.LENIENT);
      return find(reader);
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  private static @Nullable String find(JsonReader reader) throws IOException {
    reader.beginObject();
    while (reader.hasNext()) {
      boolean issuer = reader.nextName().equals("iss");
      if (issuer && reader.peek() == JsonToken.STRING) {
        return reader.nextString();
      }
      reader.skipValue();
    }
    return null;
  }

  /** The first dot at {@code from} or behind it; {@code to} if there is none. */
  private static int indexOfDot(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] == '.') {
        return i;
      }
    }
    return Math.max(from, to);
  }

  /**
   * Decodes both alphabets of RFC 4648, padded or not, and drops what is left of a group that was
   * cut.
   */
  private static byte @Nullable [] decode(byte[] bytes, int from, int to) {
    byte[] normal = new byte[to - from];
    int length = 0;
    for (int i = from; i < to && bytes[i] != '='; i++) {
      normal[length++] =
          switch (bytes[i]) {
            case '+' -> '-';
            case '/' -> '_';
            default -> bytes[i];
          };
    }
    // One character alone holds no whole byte.
    int whole = length % 4 == 1 ? length - 1 : length;
    try {
      return Base64.getUrlDecoder().decode(Arrays.copyOf(normal, whole));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
