package dev.valetkey.gate;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Decision;
import dev.valetkey.call.Decision.Forward;
import dev.valetkey.call.Decision.Refuse;
import dev.valetkey.call.HeaderEdits;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.call.TestCall;
import dev.valetkey.config.Config;
import dev.valetkey.config.Copies;
import dev.valetkey.config.UnlistedHosts;
import dev.valetkey.config.UserTokenConfig;
import dev.valetkey.config.UserTokenConfig.Guarded;
import dev.valetkey.config.UserTokenSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hosts that are not servers: no user token gets out, nothing else is touched. */
final class UnlistedCallsTest {
  private static final Decision PASS = new Forward(HeaderEdits.UNCHANGED, null);
  private static final Decision STRIP = new Forward(HeaderEdits.WITHOUT_AUTHORIZATION, null);
  private static final Decision REFUSED = new Refuse(Reason.UNLISTED_HOST, 0, false);
  private static final Decision LEAK = new Refuse(Reason.USER_TOKEN_LEAK, 0, false);

  private static final String AWS =
      "AWS4-HMAC-SHA256 Credential=CANARY-AKIA/20261101/eu-west-1/bedrock/aws4_request, "
          + "SignedHeaders=content-type;host;x-amz-date, Signature=CANARY-fe5f80f77d5fa3beca038a248ff027";

  private final Gates gates = gates(UnlistedHosts.REMOVE_USER_TOKEN);

  private static Gates gates(UnlistedHosts policy) {
    return Gates.of(
        Configs.of(
            policy,
            List.of(new UserTokenSource.Authorization(), new UserTokenSource.Header("x-user")),
            Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE)));
  }

  // AB3, AU-OTHERS
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer sk-CANARY-llm-key",
        "Basic Q0FOQVJZ",
        "",
        "Bearer",
        AWS,
        "Digest username=\"CANARY\", realm=\"x\", nonce=\"y\"",
        "Bearer CANARY-other,Bearer CANARY-another"
      })
  void otherCredentialsPassUntouched(String value) {
    assertThat(gates.judge(TestCall.unlisted().header("authorization", value))).isEqualTo(PASS);
    assertThat(gates.judge(TestCall.unlisted().header("x-user", value))).isEqualTo(PASS);
    assertThat(gates.judge(TestCall.unlisted())).isEqualTo(PASS);
  }

  // AB3, TM-LEAK
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer CANARY-user-a",
        "bearer CANARY-user-a",
        "CANARY-user-a",
        "Bearer  CANARY-user-a",
        "Bearer\tCANARY-user-a",
        "DPoP CANARY-user-a",
        "Bearer sk-key,Bearer CANARY-user-a",
        "Bearer CANARY-user-a,Bearer sk-key",
        "Bearer sk-key, CANARY-user-a",
        ",,CANARY-user-a",
        " CANARY-user-a ",
        AWS + ",Bearer CANARY-user-a"
      })
  void userTokenIsRemovedInEverySpelling(String value) {
    assertThat(gates.judge(TestCall.unlisted().header("authorization", value))).isEqualTo(STRIP);
    assertThat(
            gates.judge(
                TestCall.unlisted()
                    .header("authorization", "Bearer sk-key")
                    .header("authorization", value)))
        .isEqualTo(STRIP);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Bearer CANARY-opaque", "CANARY-opaque", "Bearer sk-key,Bearer CANARY-opaque"})
  void tokenThatOnlyItsDigestTellsIsRemovedForAsLongAsItIsRemembered(String value) {
    assertThat(gates.judge(TestCall.unlisted().header("authorization", value))).isEqualTo(PASS);

    gates.users.saw("CANARY-opaque");

    assertThat(gates.judge(TestCall.unlisted().header("authorization", value))).isEqualTo(STRIP);
    assertThat(gates.judge(TestCall.unlisted().header("x-user", value))).isEqualTo(LEAK);
  }

  /** Envoy lets us remove no other header than Authorization. */
  @ParameterizedTest
  @ValueSource(strings = {"Bearer CANARY-user-a", "CANARY-user-a", "sk-key,CANARY-user-a"})
  void userTokenInAnotherWatchedHeaderIsRefused(String value) {
    assertThat(gates.judge(TestCall.unlisted().header("x-user", value))).isEqualTo(LEAK);
    assertThat(
            gates.judge(
                TestCall.unlisted()
                    .header("x-user", value)
                    .header("authorization", "Bearer CANARY-user-a")))
        .isEqualTo(LEAK);
  }

  @Test
  void policyRefuseLetsNothingPass() {
    Gates strict = gates(UnlistedHosts.REFUSE);

    assertThat(strict.judge(TestCall.unlisted())).isEqualTo(REFUSED);
    assertThat(strict.judge(TestCall.unlisted().header("authorization", "Bearer sk-key")))
        .isEqualTo(REFUSED);
  }

  @Test
  void layoutThatCannotLetAnythingPassRefuses() {
    assertThat(gates.judge(TestCall.unlisted().with(Part.UNLISTED, "refuse"))).isEqualTo(REFUSED);
    assertThat(gates.judge(TestCall.unlisted().with(Part.UNLISTED, "pass"))).isEqualTo(PASS);
  }

  @Test
  void unlistedCallsAreAnsweredAtOnceAndNeverGetAToken() {
    TestCall call = TestCall.unlisted().header("authorization", "Bearer CANARY-user-a");

    assertThat(gates.gate.answerNow(call.with(Part.SERVER, "github").build())).isEqualTo(STRIP);
    assertThat(gates.tokens.asked()).isEmpty();
    assertThat(gates.users.verifications()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer vkh-CANARYCANARYCANARYCANARYCANARYCA",
        "vkh-invented",
        "Bearer sk-key,Bearer vkh-CANARY"
      })
  void whatLooksLikeAHandleIsRemovedBeItGoodOrNot(String value) {
    assertThat(gates.judge(TestCall.unlisted().header("authorization", value))).isEqualTo(STRIP);
  }

  @Test
  void ourBaggageIsRemovedAndOthersStay() {
    Decision decision =
        gates.gate.answerNow(
            TestCall.unlisted().header("baggage", "tenant=acme,valetkey=vkh-x,a=b;p=1").build());

    assertThat(((Forward) requireNonNull(decision)).edits().baggage())
        .asString()
        .isEqualTo("tenant=acme,a=b;p=1");
  }

  // TM-LEAK
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "proxy-authorization | Bearer CANARY-user-a",
        "proxy-authorization | Basic x, Bearer vkh-CANARY",
        "cookie | theme=dark; session=CANARY-user-a; x=y",
        "cookie | CANARY-user-a",
        "cookie | a=\"vkh-CANARY\""
      })
  void guardedHeaderThatHoldsAUserTokenIsRefused(String header, String value) {
    TestCall call = TestCall.unlisted().header(header, value);

    assertThat(guarding().judge(call)).isEqualTo(LEAK);
    assertThat(gates.judge(call)).isEqualTo(PASS);
  }

  // TM-LEAK
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/x?access_token=CANARY-user-a",
        "/x?a=b&token=CANARY-user-a&c=d",
        "/x?CANARY-user-a",
        "/?h=vkh-CANARY"
      })
  void queryThatHoldsAUserTokenIsRefused(String path) {
    TestCall call = TestCall.unlisted().with(Part.PATH, path);

    assertThat(guarding().judge(call)).isEqualTo(LEAK);
    assertThat(gates.judge(call)).isEqualTo(PASS);
  }

  @Test
  void otherCredentialsPassGuardedPlaces() {
    TestCall call =
        TestCall.unlisted()
            .with(Part.PATH, "/CANARY-user-a?key=AIza-other&redirect=https://x/y")
            .header("cookie", "session=abc; csrf=def==")
            .header("proxy-authorization", "Basic Q0FOQVJZ");

    assertThat(guarding().judge(call)).isEqualTo(PASS);
  }

  private static Gates guarding() {
    Config plain =
        Configs.of(Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE));
    return Gates.of(
        Copies.of(
            plain,
            "userToken",
            new UserTokenConfig(plain.userToken().from(), List.of(Guarded.values()))));
  }
}
