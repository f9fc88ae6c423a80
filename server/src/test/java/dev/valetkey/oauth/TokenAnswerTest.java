package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Reply;
import dev.valetkey.token.TokenOutcome.Cause;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a token endpoint may answer (RFC 6749 §5, RFC 8693 §2.2; hardening inputs 104 to 115). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TokenAnswerTest {
  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private Issuers issuers;
  private Issuer issuer;

  @BeforeEach
  void start(@TempDir Path folder) {
    issuers = new Issuers(time, time, new SecureRandom());
    issuer = issuers.of(Configs.agent(corp, folder));
  }

  @AfterEach
  void stop() {
    issuers.close();
    corp.faults().clear();
    corp.requests().clear();
  }

  @AfterAll
  void stopIssuers() {
    corp.close();
  }

  static Stream<Arguments> unusable() {
    return Stream.of(
        arguments("no access_token", Fault.json(body -> body.remove("access_token"))),
        arguments("access_token null", Fault.json(body -> body.put("access_token", null))),
        arguments("access_token a number", Fault.json(body -> body.put("access_token", 7))),
        arguments("access_token empty", Fault.json(body -> body.put("access_token", ""))),
        arguments("access_token with CR LF", token("CANARY-a\r\nX-Evil: 1")),
        arguments("access_token with a space", token("CANARY a")),
        arguments("access_token with a comma", token("CANARY,a")),
        arguments("access_token with NUL", token("CANARY\u0000")),
        arguments("access_token with an umlaut", token("CANARY-ä")),
        arguments("access_token with = inside", token("CANARY=a")),
        arguments("access_token over 16 KiB", token("a".repeat(16 * 1024 + 1))),
        arguments("access_token of 1 MiB", token("a".repeat(1024 * 1024))),
        arguments("token_type mac", Fault.json(body -> body.put("token_type", "mac"))),
        arguments(
            "issued_token_type a number", Fault.json(body -> body.put("issued_token_type", 1))),
        arguments("expires_in a word", Fault.json(body -> body.put("expires_in", "soon"))),
        arguments("expires_in an object", Fault.json(body -> body.put("expires_in", Map.of()))),
        arguments("scope a number", Fault.json(body -> body.put("scope", 1))),
        arguments(
            "a key twice", Fault.text(body -> "{\"token_type\":\"Bearer\"," + body.substring(1))),
        arguments("byte order mark", Fault.byteOrderMark()),
        arguments("UTF-16", Fault.utf16()),
        arguments("gzip", Fault.gzip()),
        arguments("brotli by name", Fault.header("Content-Encoding", "br")),
        arguments("truncated", Fault.truncated()),
        arguments("257 KiB", Fault.oversize(257 * 1024)),
        arguments("HTML", Fault.html()),
        arguments("204", Fault.noContent()),
        arguments("201", status(201)),
        arguments("404", Fault.status(404)),
        arguments("403 HTML", Fault.status(403)),
        arguments("an array", Fault.text(body -> "[" + body + "]")),
        arguments("something behind", Fault.text(body -> body + "{}")),
        arguments(
            "nested too deep",
            Fault.text(body ->
                "{\"a\":" + "[".repeat(10_000) + "]".repeat(10_000) + "," + body.substring(1))));
  }

  // R-BC-2, TM-ISSUER
  @ParameterizedTest(name = "{0}")
  @MethodSource("unusable")
  void answerThatIsNoneIsUnavailable(String name, Fault fault) {
    corp.faults().token(fault, 1);

    assertThat(ask())
        .as(name)
        .isEqualTo(new TokenAnswer.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
    assertThat(corp.tokenCalls()).hasSize(1);
  }

  // R-TX-5, TM-ISSUER
  @ParameterizedTest
  @CsvSource({
    "3599, 3599",
    "'\"3599\"', 3599",
    "3599.7, 3599",
    "'\"3599.0\"', 3599",
    "0, 0",
    "-5, 0",
    "1e12, 315360000",
    "9223372036854775808, 315360000",
    "-9223372036854775809, 0"
  })
  void expiresInIsReadWithoutWrappingAround(String json, long seconds) {
    corp.faults()
        .token(
            Fault.text(body -> body.replaceFirst("\"expires_in\":\\d+", "\"expires_in\":" + json)),
            1);

    assertThat(success().expiresIn()).isEqualTo(OptionalLong.of(seconds));
  }

  // R-TX-5
  @Test
  void expiresInMayBeMissingOrNull() {
    corp.faults().token(Fault.json(body -> body.remove("expires_in")), 1);
    assertThat(success().expiresIn()).isEmpty();
    corp.faults().token(Fault.json(body -> body.put("expires_in", null)), 1);
    assertThat(success().expiresIn()).isEmpty();
  }

  // R-TX-6
  @Test
  void scopeMayBeTextOrArrayOrMissing() {
    corp.faults().token(Fault.json(body -> body.put("scope", "a b")), 1);
    assertThat(success().scope()).isEqualTo(Set.of("a", "b"));
    corp.faults().token(Fault.json(body -> body.put("scope", List.of("a", "b"))), 1);
    assertThat(success().scope()).isEqualTo(Set.of("a", "b"));
    corp.faults().token(Fault.json(body -> body.remove("scope")), 1);
    assertThat(success().scope()).isNull();
  }

  @Test
  void tokenTypeMayBeWrittenInAnyCaseAndCookiesAreIgnored() {
    corp.faults().token(Fault.json(body -> body.put("token_type", "bearer")), 1);
    success();
    corp.faults().token(Fault.header("Set-Cookie", "CANARY-cookie=1; Path=/"), 1);
    success();
    success();

    assertThat(corp.tokenCalls()).allSatisfy(call -> assertThat(call.header("Cookie")).isNull());
  }

  @Test
  void interimResponsesAreSkipped() {
    corp.faults().token(Fault.afterInterim(103, 3), 1);

    success();
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        arguments(Fault.oauthError("invalid_grant"), "invalid_grant", 400),
        arguments(Fault.oauthError(401, "unauthorized_client"), "unauthorized_client", 401),
        arguments(Fault.oauthError("Weird-Code: \u00e9"), "other", 400),
        arguments(Fault.oauthError("x".repeat(65)), "other", 400),
        arguments(Fault.json(body -> body.put("error", "access_denied")), "access_denied", 200),
        arguments(Fault.json(body -> body.put("error", null)), "other", 200),
        arguments(Fault.status(401), "invalid_client", 401));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void errorIsReadByItsCode(Fault fault, String code, int status) {
    corp.faults().token(fault, 1);

    assertThat(ask()).isEqualTo(new TokenAnswer.Refused(code, status));
  }

  @ParameterizedTest
  @CsvSource({"server_error", "temporarily_unavailable"})
  void errorThatMeansNotNowIsUnavailable(String code) {
    corp.faults().token(Fault.oauthError(code), 1);

    assertThat(ask())
        .isEqualTo(new TokenAnswer.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(1)));
  }

  @Test
  void nothingPrintsATokenOrASecret() {
    TokenAnswer answer = ask();

    assertThat(answer.toString()).doesNotContain(corp.issuedTokens().getFirst()).contains("***");
    assertThat(form().toString()).isEqualTo("Form[grant_type, scope]");
  }

  private static Fault token(String text) {
    return Fault.json(body -> body.put("access_token", text));
  }

  private static Fault status(int status) {
    return visit -> {
      Reply.Full full = visit.normal().get();
      return new Reply.Full(status, full.headers(), full.body());
    };
  }

  private static Form form() {
    return Form.EMPTY.with("grant_type", "client_credentials").with("scope", "CANARY-scope");
  }

  private TokenAnswer ask() {
    return issuer.token(form(), time.deadline());
  }

  private TokenAnswer.Success success() {
    TokenAnswer answer = ask();
    assertThat(answer).isInstanceOf(TokenAnswer.Success.class);
    return (TokenAnswer.Success) answer;
  }
}
