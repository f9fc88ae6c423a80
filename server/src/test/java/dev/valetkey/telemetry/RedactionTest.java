package dev.valetkey.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RedactionTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "invalid header value: \"Bearer CANARY-opaque\" | invalid header value: \"Bearer ***\"",
        "authorization: basic Q0FOQVJZLXNlY3JldA== here | authorization: basic *** here",
        "cannot parse eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.c2ln at 3 | cannot parse *** at 3",
        "grant_type=x&subject_token=CANARY-1&scope=a | grant_type=x&subject_token=***&scope=a",
        "client_secret=CANARY-2 | client_secret=***",
        "{\"access_token\":\"CANARY-3\",\"scope\":\"a\"} | {\"access_token\":\"***\",\"scope\":\"a\"}",
        "client_assertion=CANARY-4 | client_assertion=***",
      })
  void whatLooksLikeACredentialIsTakenOut(String text, String shown) {
    assertThat(Redaction.of(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "call refused",
        "token=",
        "the bearer of it",
        "user_token_expired",
        "https://idp.example/token?x=1"
      })
  void otherTextIsLeftAlone(String text) {
    assertThat(Redaction.of(text)).isEqualTo(text);
  }
}
