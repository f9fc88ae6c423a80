package dev.valetkey.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.HttpCall.Part;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HttpCallTest {
  @ParameterizedTest
  @CsvSource({
    "outbound, OUTBOUND",
    "retry, RETRY",
    "unlisted, UNLISTED",
    "inbound, INBOUND",
    "Outbound, UNKNOWN",
    "outbound2, UNKNOWN",
    "outboun, UNKNOWN",
    "'', UNKNOWN",
    "' retry', UNKNOWN"
  })
  void onlyTheFourWordsAreDirections(String word, Direction direction) {
    HttpCall call = TestCall.unlisted().with(Part.DIRECTION, word).build();

    assertThat(call.direction()).isEqualTo(direction);
  }

  @Test
  void absentDirectionIsUnknown() {
    HttpCall call = TestCall.unlisted().without(Part.DIRECTION).build();

    assertThat(call.direction()).isEqualTo(Direction.UNKNOWN);
  }

  @Test
  void directionInAHeaderIsNone() {
    HttpCall call =
        TestCall.unlisted()
            .without(Part.DIRECTION)
            .header("valetkey.direction", "unlisted")
            .header("x-valetkey-direction", "unlisted")
            .build();

    assertThat(call.direction()).isEqualTo(Direction.UNKNOWN);
  }

  @Test
  void headersAreFoundByTheirExactName() {
    HttpCall call =
        TestCall.outbound("github")
            .header("Authorization", "upper")
            .header("authorization_", "longer")
            .header("x_valetkey_user_token", "underscores")
            .header("authorization", "first")
            .header("authorization", "second")
            .build();

    int first = call.header(HttpCall.ascii("authorization"));
    int second = call.header(HttpCall.ascii("authorization"), first);
    assertThat(call.value(first)).isEqualTo("first");
    assertThat(call.value(second)).isEqualTo("second");
    assertThat(call.header(HttpCall.ascii("authorization"), second)).isEqualTo(-1);
    assertThat(call.header(HttpCall.ascii("x-valetkey-user-token"))).isEqualTo(-1);
  }

  @Test
  void moreHeadersThanWereExpectedAreKept() {
    TestCall many = TestCall.outbound("github");
    IntStream.range(0, 1000).forEach(i -> many.header("x-" + i, "value " + i));

    HttpCall call = many.build();

    assertThat(call.headerCount()).isEqualTo(1000);
    assertThat(call.value(call.header(HttpCall.ascii("x-999")))).isEqualTo("value 999");
  }

  @Test
  void copySurvivesThatTheBufferIsOverwritten() {
    HttpCall call = TestCall.outbound("github").header("a", "1").header("b", "").build();
    HttpCall copy = call.copy();

    Arrays.fill(call.bytes(), (byte) 'X');
    call.clear();

    assertThat(copy.text(Part.METHOD)).isEqualTo("POST");
    assertThat(copy.text(Part.SERVER)).isEqualTo("github");
    assertThat(copy.has(Part.UNLISTED)).isFalse();
    assertThat(copy.headerCount()).isEqualTo(2);
    assertThat(copy.value(0)).isEqualTo("1");
    assertThat(copy.name(1)).isEqualTo("b");
    assertThat(copy.value(1)).isEmpty();
    assertThat(copy.direction()).isEqualTo(Direction.OUTBOUND);
  }

  @Test
  void copyOfAnEmptyCallIsEmpty() {
    HttpCall copy = new HttpCall(new byte[0]).copy();

    assertThat(copy.headerCount()).isZero();
    assertThat(copy.header(HttpCall.ascii("authorization"))).isEqualTo(-1);
    assertThat(copy.text(Part.PATH)).isEmpty();
  }

  @Test
  void printsNothingOfTheRequest() {
    HttpCall call =
        TestCall.outbound("github").with(Part.PATH, "/CANARY-path").bearer("CANARY-user").build();

    assertThat(call.toString()).isEqualTo("HttpCall[OUTBOUND]");
    assertThat(call.copy().toString()).doesNotContain("CANARY-");
  }
}
