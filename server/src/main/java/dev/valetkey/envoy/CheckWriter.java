package dev.valetkey.envoy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;

/**
 * {@code CheckRequest} as Envoy would write it, of made-up calls. Without the generated messages:
 * the first of them to be built makes protobuf read the descriptors of half of Envoy's API, which
 * costs start-up time and memory.
 */
final class CheckWriter {
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private CheckWriter() {}

  /** A POST with these headers. */
  static byte[] message(
      Map<String, String> contextExtensions,
      String host,
      String path,
      Map<String, String> headers) {
    // CheckRequest.attributes, AttributeContext.{request, context_extensions}, Request.http
    Fields http = new Fields().put(2, "POST").put(4, path).put(5, host).put(13, headerMap(headers));
    Fields attributes = new Fields().put(4, new Fields().put(2, http));
    contextExtensions.forEach(
        (key, value) -> attributes.put(10, new Fields().put(KEY, key).put(VALUE, value)));
    return new Fields().put(1, attributes).toBytes();
  }

  private static Fields headerMap(Map<String, String> headers) {
    Fields map = new Fields().put(1, headerValue("accept", "application/json"));
    headers.forEach((name, value) -> map.put(1, headerValue(name, value)));
    return map;
  }

  /** With {@code raw_value}, as {@code encode_raw_headers} has it. */
  private static Fields headerValue(String name, String value) {
    return new Fields().put(KEY, name).put(3, value);
  }

  /** A message, field by field. */
  private static final class Fields {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Fields put(int number, String text) {
      return put(number, text.getBytes(UTF_8));
    }

    Fields put(int number, Fields message) {
      return put(number, message.toBytes());
    }

    byte[] toBytes() {
      return bytes.toByteArray();
    }

    private Fields put(int number, byte[] content) {
      try {
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeByteArray(number, content);
        out.flush();
        return this;
      } catch (IOException e) {
        throw new IllegalStateException("nothing here does I/O", e);
      }
    }
  }
}
