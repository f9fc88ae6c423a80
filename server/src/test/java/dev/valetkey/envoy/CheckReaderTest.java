package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.valetkey.call.Check;
import dev.valetkey.call.Check.Malformed;
import dev.valetkey.call.Direction;
import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The hand-written reader on single messages; {@link CheckReaderFuzzTest} has the many. */
final class CheckReaderTest {
  private static final Malformed MALFORMED = new Malformed(Reason.MALFORMED);
  private static final Malformed TOO_LARGE = new Malformed(Reason.TOO_LARGE);

  private final CheckReader reader = new CheckReader();

  @Test
  void realMessageIsReadWhole() throws IOException {
    CheckRequest message = CheckMessages.typical().build();

    HttpCall call = (HttpCall) read(message);

    SameCheck.assertSame(call, message);
    assertThat(call.direction()).isEqualTo(Direction.OUTBOUND);
    assertThat(call.text(Part.SERVER)).isEqualTo("github");
  }

  @Test
  void everyTruncationOfARealMessageGivesAValue() throws IOException {
    byte[] whole = CheckMessages.typical().build().toByteArray();

    for (int length = 0; length < whole.length; length++) {
      SameCheck.assertAgree(reader, Arrays.copyOf(whole, length));
    }
  }

  @Test
  void messageWithoutAttributesIsMalformed() throws IOException {
    assertThat(read(CheckRequest.getDefaultInstance())).isEqualTo(MALFORMED);
  }

  @Test
  void messageWithoutHttpIsMalformed() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    message.getAttributesBuilder().getRequestBuilder().clearHttp();

    assertThat(read(message.build())).isEqualTo(MALFORMED);
  }

  @Test
  void messageWithoutHeadersIsMalformed() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    http(message).clearHeaderMap();

    assertThat(read(message.build())).isEqualTo(MALFORMED);
  }

  /** Envoy Gateway says no {@code encode_raw_headers}. */
  @Test
  void headersAreReadFromTheMapToo() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    http(message)
        .clearHeaderMap()
        .putHeaders(":method", "POST")
        .putHeaders("x-valetkey-user-token", "Bearer CANARY-one,Bearer CANARY-two")
        .putHeaders("x-empty", "");

    HttpCall call = (HttpCall) read(message.build());

    SameCheck.assertSame(call, message.build());
    assertThat(call.headerCount()).isEqualTo(3);
  }

  @Test
  void headersInBothPlacesAreMalformed() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    http(message).putHeaders("authorization", "Bearer CANARY-old");

    assertThat(read(message.build())).isEqualTo(MALFORMED);
  }

  @Test
  void messageWithoutMethodIsMalformed() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    http(message).clearMethod();

    assertThat(read(message.build())).isEqualTo(MALFORMED);
  }

  @Test
  void thousandHeadersAreRead() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    for (int i = 0; i < 1000; i++) {
      http(message).getHeaderMapBuilder().addHeaders(CheckMessages.raw("x-" + i, "v" + i));
    }

    SameCheck.assertSame((HttpCall) read(message.build()), message.build());
  }

  @Test
  void strangeHeaderNamesAreKeptAsTheyAre() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    http(message)
        .setHeaderMap(
            HeaderMap.newBuilder()
                .addHeaders(CheckMessages.raw("AUTHORIZATION", "Bearer CANARY-upper"))
                .addHeaders(CheckMessages.raw("", "nameless"))
                .addHeaders(CheckMessages.raw(":path", "/one"))
                .addHeaders(CheckMessages.raw(":path", "/two"))
                .addHeaders(HeaderValue.newBuilder().setKey("empty")));

    HttpCall call = (HttpCall) read(message.build());

    SameCheck.assertSame(call, message.build());
    assertThat(call.header(HttpCall.ascii("authorization"))).isEqualTo(-1);
    assertThat(call.text(Part.PATH)).isEqualTo("/mcp");
  }

  @Test
  void headerWithTwoValuesIsMalformed() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    http(message)
        .getHeaderMapBuilder()
        .addHeaders(
            HeaderValue.newBuilder()
                .setKey("authorization")
                .setValue("Bearer CANARY-a")
                .setRawValue(ByteString.copyFromUtf8("Bearer CANARY-b")));

    assertThat(read(message.build())).isEqualTo(MALFORMED);
  }

  @Test
  void allBytesAreKeptInRawValues() throws IOException {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    CheckRequest.Builder message = CheckMessages.typical();
    http(message)
        .getHeaderMapBuilder()
        .addHeaders(HeaderValue.newBuilder().setKey("x").setRawValue(ByteString.copyFrom(all)));

    SameCheck.assertSame((HttpCall) read(message.build()), message.build());
  }

  @Test
  void laterMessageOfTheSameFieldIsMerged() throws IOException {
    CheckRequest.Builder second = CheckMessages.typical();
    http(second).setMethod("TRACE").setPath("/evil").clearHost();
    second.getAttributesBuilder().putContextExtensions("valetkey.server", "jira");
    byte[] joined =
        CheckMessages.concat(
            CheckMessages.typical().build().toByteArray(), second.build().toByteArray());

    HttpCall call = (HttpCall) reader.read(new ByteArrayInputStream(joined));

    SameCheck.assertSame(call, CheckRequest.parseFrom(joined));
    assertThat(call.text(Part.METHOD)).isEqualTo("TRACE");
    assertThat(call.text(Part.SERVER)).isEqualTo("jira");
  }

  @Test
  void contextExtensionsMayBeMissing() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    message.getAttributesBuilder().clearContextExtensions();

    HttpCall call = (HttpCall) read(message.build());

    assertThat(call.direction()).isEqualTo(Direction.UNKNOWN);
    assertThat(call.has(Part.SERVER)).isFalse();
  }

  @Test
  void nothingOfAnEarlierMessageIsLeft() throws IOException {
    read(CheckMessages.typical().build());
    CheckRequest.Builder bare = CheckRequest.newBuilder();
    http(bare).setMethod("GET").setHeaderMap(HeaderMap.getDefaultInstance());

    HttpCall call = (HttpCall) read(bare.build());

    SameCheck.assertSame(call, bare.build());
    assertThat(call.headerCount()).isZero();
    assertThat(call.has(Part.SERVER)).isFalse();
    assertThat(call.has(Part.PATH)).isFalse();
  }

  @Test
  void copyOutlivesTheNextMessage() throws IOException {
    CheckRequest first = CheckMessages.typical().build();
    HttpCall copy = ((HttpCall) read(first)).copy();

    byte[] noise = new byte[CheckReader.MAX_BYTES];
    Arrays.fill(noise, (byte) 0xff);
    assertThat(reader.read(new ByteArrayInputStream(noise))).isEqualTo(MALFORMED);

    SameCheck.assertSame(copy, first);
  }

  @Test
  void largestMessageIsReadAndOneByteMoreIsTooLarge() throws IOException {
    CheckRequest.Builder message = CheckMessages.typical();
    int room = CheckReader.MAX_BYTES - message.build().toByteArray().length;
    byte[] largest =
        CheckMessages.concat(message.build().toByteArray(), CheckMessages.unknownField(room));
    assertThat(largest).hasSize(CheckReader.MAX_BYTES);

    assertThat(reader.read(new ByteArrayInputStream(largest))).isInstanceOf(HttpCall.class);
    assertThat(reader.read(new ByteArrayInputStream(Arrays.copyOf(largest, largest.length + 1))))
        .isEqualTo(TOO_LARGE);
  }

  @ParameterizedTest
  @ValueSource(ints = {64 * 1024 + 1, 256 * 1024, 4 * 1024 * 1024})
  void largerMessagesAreTooLargeWhateverTheyHold(int length) throws IOException {
    assertThat(reader.read(new ByteArrayInputStream(new byte[length]))).isEqualTo(TOO_LARGE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 100, 1000, 60_000})
  void garbageIsMalformed(int length) throws IOException {
    Random random = new Random(length);
    for (int round = 0; round < 100; round++) {
      byte[] garbage = new byte[length];
      random.nextBytes(garbage);

      assertThat(reader.read(new ByteArrayInputStream(garbage))).isEqualTo(MALFORMED);
    }
  }

  private Check read(CheckRequest message) throws IOException {
    return reader.read(new ByteArrayInputStream(message.toByteArray()));
  }

  private static AttributeContext.HttpRequest.Builder http(CheckRequest.Builder message) {
    return message.getAttributesBuilder().getRequestBuilder().getHttpBuilder();
  }
}
