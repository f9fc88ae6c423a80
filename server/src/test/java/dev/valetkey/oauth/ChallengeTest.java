package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading WWW-Authenticate (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1; inputs 116-119). */
class ChallengeTest {
  private static final String METADATA = "https://mcp.example/.well-known/x";

  static Stream<Arguments> challenges() {
    return Stream.of(
        one("Bearer", null, null),
        one("bearer", null, null),
        one("Bearer error=\"invalid_token\"", "invalid_token", null),
        one("Bearer error=invalid_token", "invalid_token", null),
        one("BEARER ERROR = \"invalid_token\"", "invalid_token", null),
        one("DPoP error=\"use_dpop_nonce\", algs=\"ES256\"", "use_dpop_nonce", null),
        one(
            "Bearer realm=\"a, b\", error=\"insufficient_scope\", scope=\"read  write read\","
                + " resource_metadata=\""
                + METADATA
                + "\", error_description=\"no\"",
            "insufficient_scope",
            METADATA,
            "read",
            "write"),
        one("Bearer scope=\" repo:read \"", null, null, "repo:read"),
        one("Bearer scope=\"\"", null, null),
        one("Bearer scope=\"a\tb\"", null, null),
        one("Bearer scope=\"a \\\"b\"", null, null),
        one("Bearer error=\"\"", null, null),
        one("Bearer error=\"a\u0001b\", scope=x", null, null, "x"),
        one("Bearer error=\"\u00fc\", scope=x", null, null, "x"),
        one("Bearer error=\"in\\valid_\\token\"", "invalid_token", null),
        one("Bearer realm=\"quote \\\" , error=\\\"x\", error=y", "y", null),
        one("Bearer realm=\"Bearer error=\\\"x\\\"\", error=y", "y", null),
        one("Bearer resource_metadata=/relative", null, null),
        one("Bearer resource_metadata=\"https://[\"", null, null),
        one("Bearer error=a;b", "a", null),
        one("Bearer error=", null, null),
        one("Bearer , error=x", "x", null),
        one(",, ,Bearer error=x,,", "x", null),
        one("\tBearer\terror=x", "x", null));
  }

  // R-MCP-5, R-MCP-10
  @ParameterizedTest
  @MethodSource("challenges")
  void parametersAreReadAsTheGrammarHasThem(String value, Challenge challenge) {
    assertThat(Challenge.read(List.of(value))).contains(challenge);
  }

  static Stream<Arguments> unterminated() {
    return Stream.of(
        one("Bearer error=\"invalid_token", null, null),
        one("Bearer error=\"invalid_token\\", null, null),
        one("Bearer error=\"invalid_token\\\"", null, null),
        one("Bearer error=x, scope=\"read, resource_metadata=" + METADATA, "x", null),
        one("Bearer error=x, \"scope=read", "x", null));
  }

  // Input 116
  @ParameterizedTest
  @MethodSource("unterminated")
  void quoteThatNeverEndsCostsWhatIsBehindIt(String value, Challenge challenge) {
    assertThat(Challenge.read(List.of(value))).contains(challenge);
  }

  static Stream<Arguments> several() {
    return Stream.of(
        one("Basic realm=\"x\", error=basic, Bearer error=x", "x", null),
        one("Bearer error=x, Basic realm=\"y\", error=basic", "x", null),
        one("Negotiate, Bearer error=x", "x", null),
        one("Negotiate YWJj+/==, Bearer error=x", "x", null),
        one("Negotiate YWJj=, Bearer error=x", "x", null),
        one("Bearer YWJj, DPoP error=x", "x", null),
        one("Bearer, Bearer realm=a, DPoP error=x, Bearer error=y", "x", null),
        one("Bearer error=x Basic error=y", "x", null),
        one("Bearer error=\"x\" scope=\"s\"", "x", null, "s"),
        one("Bearer error=x, error=y", null, null),
        one("Bearer error=x, ERROR=\"x\", scope=s", null, null, "s"),
        one("Bearer resource_metadata=\"a:b\", resource_metadata=\"a:b\", error=x", "x", null),
        one("Bearer error=x, error=y, DPoP error=z", "z", null));
  }

  // Input 117
  @ParameterizedTest
  @MethodSource("several")
  void firstChallengeThatSaysAnythingCountsAndNothingSaidTwice(String value, Challenge challenge) {
    assertThat(Challenge.read(List.of(value))).contains(challenge);
  }

  // Input 117
  @Test
  void challengesMayComeInSeveralHeaders() {
    List<String> values = List.of("Basic realm=\"x", "error=lost", "Bearer", "Bearer error=x");

    assertThat(Challenge.read(values)).contains(new Challenge("x", List.of(), null));
  }

  // Input 118
  @Test
  void tenKilobytesAreReadAndNotOneMore() {
    String value = "Bearer error=x, realm=\"" + "a".repeat(10 * 1024 - 24) + "\"";
    assertThat(value).hasSize(10 * 1024);

    assertThat(Challenge.read(List.of(value))).contains(new Challenge("x", List.of(), null));
    assertThat(Challenge.read(List.of(value, ","))).isEmpty();
    assertThat(Challenge.read(List.of(value + ","))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ",",
        "Basic realm=\"Bearer error=x\"",
        "Bearer\"x\"",
        "error=x",
        "Bea\u0000rer",
        "Bearer=x",
        "=",
        "\"",
        "\"Bearer error=x\"",
        "\\",
        "Bearers error=x"
      })
  void whatHasNoSuchChallengeIsEmpty(String value) {
    assertThat(Challenge.read(List.of(value))).isEmpty();
    assertThat(Challenge.read(List.of())).isEqualTo(Optional.empty());
  }

  @Test
  void noPieceOfAnyHeaderThrows() {
    String nasty =
        "Basic YQ==, Bearer realm=\"a\\\"b\" , error = x,,DPoP\terror=\"\\\\\",=\u0000\ud800 "
            + "resource_metadata=\"https://[::1\", scope=\"a b\" \" =, Bearer";
    assertThatCode(
            () -> {
              for (int from = 0; from <= nasty.length(); from++) {
                for (int to = from; to <= nasty.length(); to++) {
                  Challenge.read(List.of(nasty.substring(from, to)));
                }
              }
            })
        .doesNotThrowAnyException();
  }

  private static Arguments one(
      String value, @Nullable String error, @Nullable String metadata, String... scope) {
    return arguments(
        value,
        new Challenge(error, Arrays.asList(scope), metadata == null ? null : URI.create(metadata)));
  }
}
