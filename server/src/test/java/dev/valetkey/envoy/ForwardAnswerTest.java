package dev.valetkey.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.HeaderEdits;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ForwardAnswerTest {
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  private final byte[] fragment = new byte[ForwardAnswer.FRAGMENT];

  @ParameterizedTest
  @ValueSource(
      ints = {1, 60, 80, 100, 105, 110, 115, 127, 128, 16_300, 16_360, 16_383, 16_384, 20_000})
  void isTheMessageThatGeneratedCodeWrites(int length) throws IOException {
    byte[] value = value(length);
    ForwardAnswer answer = answer(value, DIGEST.getBytes(StandardCharsets.US_ASCII));

    ByteArrayOutputStream drained = new ByteArrayOutputStream();
    int announced = answer.available();
    int said = answer.drainTo(drained);

    assertThat(CheckResponse.parseFrom(drained.toByteArray()))
        .isEqualTo(
            expected(value).toBuilder()
                .setDynamicMetadata(
                    Struct.newBuilder()
                        .putFields(
                            "valetkey.token", Value.newBuilder().setStringValue(DIGEST).build()))
                .build());
    assertThat(announced).isEqualTo(drained.size());
    assertThat(said).isEqualTo(drained.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 16_383, 16_384, 20_000})
  void withoutCorrelationThereIsNoMetadata(int length) throws IOException {
    byte[] value = value(length);
    ForwardAnswer answer = answer(value, null);

    ByteArrayOutputStream drained = new ByteArrayOutputStream();
    int announced = answer.available();
    answer.drainTo(drained);

    assertThat(CheckResponse.parseFrom(drained.toByteArray())).isEqualTo(expected(value));
    assertThat(announced).isEqualTo(drained.size());
  }

  @Test
  void everyLengthIsAnnouncedAsItIsWritten() throws IOException {
    for (int length = 1; length < 20_000; length += length < 400 ? 1 : 37) {
      ForwardAnswer answer = answer(value(length), new byte[64]);
      ByteArrayOutputStream drained = new ByteArrayOutputStream();
      answer.drainTo(drained);

      assertThat(answer.available()).isEqualTo(drained.size());
    }
  }

  @Test
  void readingGivesWhatDrainingGives() throws IOException {
    byte[] value = value(300);
    ByteArrayOutputStream drained = new ByteArrayOutputStream();
    answer(value, null).drainTo(drained);

    byte[] read = answer(value, null).readAllBytes();

    assertThat(read).isEqualTo(drained.toByteArray());
    try (ForwardAnswer bytewise = answer(value, null)) {
      assertThat(bytewise.read()).isEqualTo(read[0]);
    }
  }

  @Test
  void severalHeadersAreSetAndRemovedInOneAnswer() throws IOException {
    HeaderEdits edits =
        HeaderEdits.proven(value(300), value(200))
            .withBaggage(HeaderEdits.REMOVED)
            .withTraceparent(value(55));
    ByteArrayOutputStream drained = new ByteArrayOutputStream();

    try (ForwardAnswer answer = new ForwardAnswer(edits, null, fragment)) {
      assertThat(answer.drainTo(drained)).isEqualTo(answer.available()).isEqualTo(drained.size());
    }

    OkHttpResponse ok = CheckResponse.parseFrom(drained.toByteArray()).getOkResponse();
    assertThat(ok.getHeadersList())
        .extracting(
            option -> option.getHeader().getKey() + " " + option.getHeader().getValue().length())
        .containsExactly("authorization 300", "dpop 200", "traceparent 55");
    assertThat(ok.getHeadersToRemoveList()).containsExactly("baggage");
  }

  @Test
  void printsNoToken() {
    byte[] value = "Bearer CANARY-issued".getBytes(StandardCharsets.US_ASCII);

    assertThat(answer(value, null).toString()).doesNotContain("CANARY-");
    assertThat(new Forward(HeaderEdits.authorization(value), null).toString())
        .doesNotContain("CANARY-");
  }

  /** All with one fragment, as on one event loop. */
  private ForwardAnswer answer(byte[] value, byte @Nullable [] correlation) {
    return new ForwardAnswer(HeaderEdits.authorization(value), correlation, fragment);
  }

  private static byte[] value(int length) {
    byte[] value = new byte[length];
    Arrays.fill(value, (byte) 'v');
    return value;
  }

  private static CheckResponse expected(byte[] value) {
    return CheckResponse.newBuilder()
        .setOkResponse(
            OkHttpResponse.newBuilder()
                .addHeaders(
                    HeaderValueOption.newBuilder()
                        .setHeader(
                            HeaderValue.newBuilder()
                                .setKey("authorization")
                                .setValueBytes(ByteString.copyFrom(value)))
                        .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)))
        .build();
  }
}
