package dev.valetkey.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonLinesTest {
  @Test
  void fieldsStandInTheOrderInWhichTheyWereAdded() {
    JsonLines lines = new JsonLines();

    lines.begin().time("time", 0).field("a", "x").field("b", 7).field("c", true).end();

    assertThat(text(lines))
        .isEqualTo("{\"time\":\"1970-01-01T00:00:00.000Z\",\"a\":\"x\",\"b\":7,\"c\":true}\n");
  }

  @Test
  void absentTextLeavesItsFieldOut() {
    JsonLines lines = new JsonLines();

    lines.begin().field("a", null).field("b", "x").end();

    assertThat(text(lines)).isEqualTo("{\"b\":\"x\"}\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "plain", "\"\\/", "é ü ß €", "日本", "😀 𝒳", "a\u2028b\u2029c"})
  void everyTextIsReadBackUnchanged(String text) {
    JsonLines lines = new JsonLines();

    lines.begin().field("text", text).end();

    assertThat(parse(lines).get("text").getAsString()).isEqualTo(text);
  }

  @Test
  void controlCharactersAreEscapedAndReadBack() {
    StringBuilder controls = new StringBuilder();
    for (char c = 0; c < 0xa0; c++) {
      if (Character.isISOControl(c)) {
        controls.append(c);
      }
    }
    JsonLines lines = new JsonLines();

    lines.begin().field("text", controls).end();

    assertThat(parse(lines).get("text").getAsString()).isEqualTo(controls.toString());
    assertThat(text(lines).strip().chars()).noneMatch(Character::isISOControl);
  }

  @Test
  void halfOfASurrogatePairIsEscapedInsteadOfBreakingTheEncoding() {
    JsonLines lines = new JsonLines();

    lines.begin().field("text", "a\ud83dz").field("end", "\ude00").end();

    assertThat(text(lines)).isEqualTo("{\"text\":\"a\\ud83dz\",\"end\":\"\\ude00\"}\n");
  }

  @Test
  void aLineThatCouldNotBeEndedIsCutOff() {
    JsonLines lines = new JsonLines();
    lines.begin().field("a", 1).end();

    lines.begin().field("half", "x");
    lines.cut();

    assertThat(text(lines)).isEqualTo("{\"a\":1}\n");
    assertThat(lines.lines()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 999, 951_782_400_000L, 1_795_404_168_123L, 253_402_300_799_999L})
  void timesAreWhatTheJdkWritesWithThreeDigits(long millis) {
    String expected =
        new java.time.format.DateTimeFormatterBuilder()
            .appendInstant(3)
            .toFormatter()
            .format(java.time.Instant.ofEpochMilli(millis));

    assertThat(Rfc3339.format(millis)).isEqualTo(expected);
  }

  private static JsonObject parse(JsonLines lines) {
    return JsonParser.parseString(text(lines)).getAsJsonObject();
  }

  private static String text(JsonLines lines) {
    return new String(lines.toBytes(), StandardCharsets.UTF_8);
  }
}
