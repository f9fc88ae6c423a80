package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.valetkey.call.Check;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Holds what the reader understands against what generated code understands. */
final class SameCheck {
  private SameCheck() {}

  /** What came of one message. */
  enum Agreement {
    BOTH_READ,
    /** Generated code reads it and we refuse it, for a reason that is ours on purpose. */
    REFUSED_ON_PURPOSE,
    /** Generated code refuses it; what we make of it does not matter, Envoy never sends it. */
    NO_MESSAGE
  }

  /**
   * Where generated code reads the message, we read the same or have a reason not to; nothing is
   * ever thrown.
   */
  static Agreement assertAgree(CheckReader reader, byte[] message) throws IOException {
    Check check = reader.read(new ByteArrayInputStream(message));
    CheckRequest generated = parse(message);
    if (generated == null) {
      return Agreement.NO_MESSAGE;
    }
    if (check instanceof HttpCall call) {
      assertSame(call, generated);
      return Agreement.BOTH_READ;
    }
    if (!isRefusedOnPurpose(generated) && !WireScan.hasGroupOrOverlongNumber(message)) {
      fail("refused although generated code reads it: " + HexFormat.of().formatHex(message));
    }
    return Agreement.REFUSED_ON_PURPOSE;
  }

  static void assertSame(HttpCall call, CheckRequest message) {
    AttributeContext attributes = message.getAttributes();
    AttributeContext.HttpRequest http = attributes.getRequest().getHttp();
    Map<String, String> extensions = attributes.getContextExtensionsMap();

    same("method", call.text(Part.METHOD), bytewise(http.getMethodBytes()));
    same("path", call.text(Part.PATH), bytewise(http.getPathBytes()));
    same("authority", call.text(Part.AUTHORITY), bytewise(http.getHostBytes()));
    sameExtension(call, Part.DIRECTION, extensions.get("valetkey.direction"));
    sameExtension(call, Part.SERVER, extensions.get("valetkey.server"));
    sameExtension(call, Part.UNLISTED, extensions.get("valetkey.unlisted"));
    if (http.hasHeaderMap()) {
      sameHeaders(call, http.getHeaderMap().getHeadersList());
    } else {
      sameHeaders(call, http.getHeadersMap());
    }
  }

  private static void sameHeaders(HttpCall call, List<HeaderValue> expected) {
    same("number of headers", call.headerCount(), expected.size());
    for (int i = 0; i < call.headerCount(); i++) {
      HeaderValue header = expected.get(i);
      ByteString value =
          header.getRawValue().isEmpty() ? header.getValueBytes() : header.getRawValue();
      same("name of header " + i, call.name(i), bytewise(header.getKeyBytes()));
      same("value of header " + i, call.value(i), bytewise(value));
    }
  }

  /**
   * A map has no order, and a name that comes twice, as Envoy never sends it, has the last value.
   */
  private static void sameHeaders(HttpCall call, Map<String, String> expected) {
    Map<String, String> actual = new HashMap<>();
    for (int i = 0; i < call.headerCount(); i++) {
      actual.put(call.name(i), call.value(i));
    }
    Map<String, String> bytewise = new HashMap<>();
    expected.forEach((name, value) ->
        bytewise.put(
            bytewise(ByteString.copyFromUtf8(name)), bytewise(ByteString.copyFromUtf8(value))));
    same("headers", actual, bytewise);
  }

  private static void sameExtension(HttpCall call, Part part, @Nullable String expected) {
    same(part + " present", call.has(part), expected != null);
    same(
        part.name(),
        call.text(part),
        expected == null ? "" : bytewise(ByteString.copyFromUtf8(expected)));
  }

  /** AssertJ's own comparison costs more than reading a message does. */
  private static void same(String what, Object actual, Object expected) {
    if (!actual.equals(expected)) {
      assertThat(actual).as(what).isEqualTo(expected);
    }
  }

  private static boolean isRefusedOnPurpose(CheckRequest message) {
    AttributeContext.HttpRequest http = message.getAttributes().getRequest().getHttp();
    return http.hasHeaderMap() == (http.getHeadersCount() > 0)
        || http.getMethod().isEmpty()
        || http.getHeaderMap().getHeadersList().stream()
            .anyMatch(h -> !h.getRawValue().isEmpty() && !h.getValue().isEmpty());
  }

  private static @Nullable CheckRequest parse(byte[] message) {
    try {
      return CheckRequest.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private static String bytewise(ByteString bytes) {
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }
}
