package dev.valetkey.gate;

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
import dev.valetkey.config.InboundConfig;
import dev.valetkey.config.InboundConfig.UserTokenToAgent;
import dev.valetkey.config.UserTokenConfig;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.token.UserTokenFault;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a user's call to the agent's own call, which knows nothing of users. */
final class InboundTest {
  private static final UserTokenSource HANDLE = new UserTokenSource.Handle();
  private static final UserTokenSource TRACE = new UserTokenSource.TraceId();
  private static final UserTokenSource WORKLOAD = new UserTokenSource.Workload();
  private static final String TRACEPARENT =
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private final Gates gates = gates(UserTokenToAgent.HANDLE, HANDLE, TRACE);

  private static Gates gates(UserTokenToAgent mode, UserTokenSource... from) {
    Config plain =
        Configs.of(
            Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE),
            Configs.server("jira", "https://jira.example/mcp", Configs.EXCHANGE));
    Gates gates =
        Gates.of(
            Copies.of(
                plain,
                "inbound",
                new InboundConfig(mode, List.of(), List.of("github")),
                "userToken",
                new UserTokenConfig(List.of(from))));
    gates.users.knows("CANARY-user-a", "alice").knows("CANARY-user-b", "bob");
    return gates;
  }

  // AB11
  @Test
  void agentGetsAHandleInsteadOfTheUserToken() {
    HeaderEdits edits =
        admitted(gates, TestCall.inbound().header("authorization", "Bearer CANARY-user-a"));

    String authorization = text(edits.authorization());
    assertThat(authorization).matches("Bearer vkh-[A-Za-z0-9_-]{32}");
    assertThat(text(edits.baggage())).isEqualTo("valetkey=" + authorization.substring(7));
    assertThat(text(edits.traceparent())).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00");
  }

  @Test
  void sameUserTokenHasTheSameHandleAndOthersHaveOthers() {
    assertThat(handle("CANARY-user-a")).isEqualTo(handle("CANARY-user-a"));
    assertThat(handle("CANARY-user-a")).isNotEqualTo(handle("CANARY-user-b"));
  }

  // AB11
  @Test
  void handlesOfAnotherProcessAreUnknown() {
    String foreign =
        text(
            admitted(gates(UserTokenToAgent.HANDLE, HANDLE), call("CANARY-user-a"))
                .authorization());

    assertThat(gates.judge(outbound().header("x-valetkey-user-token", foreign)))
        .isEqualTo(refused(Reason.HANDLE_UNKNOWN));
  }

  @Test
  void baggageThatAClientSentIsReplacedAndTheRestIsKept() {
    HeaderEdits edits =
        admitted(
            gates,
            call("CANARY-user-a")
                .header("baggage", "valetkey=vkh-forged, tenant=acme")
                .header("baggage", " valetkey = vkh-forged;p=1,x=y"));

    assertThat(text(edits.baggage()))
        .isEqualTo("valetkey=" + handle("CANARY-user-a") + ", tenant=acme,x=y");
  }

  /** OpenTelemetry decodes the names of members and trims what comes of it. */
  // TM-GUESS
  @ParameterizedTest
  @ValueSource(
      strings = {
        "%76aletkey",
        "valetke%79",
        "%56aletkey",
        "Valetkey",
        "valetkey%20",
        "+valetkey",
        "valetkey%C2%A0"
      })
  void nameThatReadsLikeOursIsRemoved(String name) {
    TestCall sent = call("CANARY-user-a").header("baggage", "a=b," + name + "=vkh-forged,c%25=d");

    assertThat(text(admitted(gates, sent).baggage()))
        .isEqualTo("valetkey=" + handle("CANARY-user-a") + ",a=b,c%25=d");
  }

  @Test
  void userTokenStaysWhereTheConfigurationSaysSo() {
    Gates leaving = gates(UserTokenToAgent.LEAVE, new UserTokenSource.Authorization());

    assertThat(admitted(leaving, call("CANARY-user-a"))).isEqualTo(HeaderEdits.UNCHANGED);
    assertThat(
            text(
                admitted(leaving, call("CANARY-user-a").header("baggage", "valetkey=x,a=b"))
                    .baggage()))
        .isEqualTo("a=b");
  }

  // AB5
  @Test
  void callWithoutOrWithABadUserTokenNeverReachesTheAgent() {
    assertThat(gates.judge(TestCall.inbound())).isEqualTo(refused(Reason.NO_USER_TOKEN));
    assertThat(gates.judge(TestCall.inbound().header("authorization", "Basic x")))
        .isEqualTo(refused(Reason.USER_TOKEN_MALFORMED));
    assertThat(gates.judge(call("CANARY-user-a,Bearer CANARY-user-b")))
        .isEqualTo(refused(Reason.SEVERAL_USER_TOKENS));
    gates.users.findsFault(UserTokenFault.AUDIENCE);
    assertThat(gates.judge(call("CANARY-stranger"))).isEqualTo(refused(Reason.USER_TOKEN_AUDIENCE));
    assertThat(gates.judge(call(handle("CANARY-user-a"))))
        .isEqualTo(refused(Reason.USER_TOKEN_MALFORMED));
  }

  /** The header in which Envoy hides the user token of outbound calls means nothing inbound. */
  // AB7
  @Test
  void inboundUserTokenIsFoundInAuthorizationAlone() {
    assertThat(gates.judge(TestCall.inbound().bearer("CANARY-user-a")))
        .isEqualTo(refused(Reason.NO_USER_TOKEN));
  }

  // AB7
  @Test
  void inboundWithoutAnInboundSectionIsRefused() {
    Gates outboundOnly =
        Gates.of(
            Configs.of(
                Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE)));
    outboundOnly.users.knows("CANARY-user-a", "alice");

    assertThat(outboundOnly.judge(call("CANARY-user-a")))
        .isEqualTo(refused(Reason.DIRECTION_UNKNOWN));
  }

  @Test
  void handleLeadsToItsUserFromBothPlaces() {
    String handle = handle("CANARY-user-a");

    assertServed("alice", outbound().header("x-valetkey-user-token", "Bearer " + handle));
    Forward forward = assertServed("alice", outbound().header("baggage", "a=b,valetkey=" + handle));
    assertThat(text(forward.edits().baggage())).isEqualTo("a=b");
    forward =
        assertServed(
            "alice",
            outbound()
                .header("x-valetkey-user-token", "Bearer " + handle)
                .header("baggage", "valetkey=" + handle));
    assertThat(forward.edits().baggage()).isEmpty();
  }

  // TM-MIX
  @Test
  void handlesOfTwoUsersInOneCallAreAConflict() {
    assertThat(
            gates.judge(
                outbound()
                    .header("x-valetkey-user-token", "Bearer " + handle("CANARY-user-a"))
                    .header("baggage", "valetkey=" + handle("CANARY-user-b"))))
        .isEqualTo(refused(Reason.SUBJECT_CONFLICT));
    assertThat(
            gates.judge(
                outbound()
                    .header("baggage", "valetkey=" + handle("CANARY-user-a"))
                    .header("baggage", "valetkey=" + handle("CANARY-user-b"))))
        .isEqualTo(refused(Reason.SEVERAL_USER_TOKENS));
  }

  // TM-MIX
  @Test
  void handleOfOneUserInTheTraceOfAnotherIsAConflict() {
    admitted(gates, call("CANARY-user-b").header("traceparent", TRACEPARENT));

    assertThat(
            gates.judge(
                outbound()
                    .header("baggage", "valetkey=" + handle("CANARY-user-a"))
                    .header("traceparent", TRACEPARENT)))
        .isEqualTo(refused(Reason.SUBJECT_CONFLICT));
  }

  // AB11
  @ParameterizedTest
  @ValueSource(strings = {"vkh-", "vkh-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "vkh-x", "anything"})
  void inventedHandleIsRefused(String invented) {
    assertThat(gates.judge(outbound().header("baggage", "valetkey=" + invented)))
        .isEqualTo(refused(Reason.HANDLE_UNKNOWN));
  }

  // AB11
  @Test
  void handleCountsOnlyAtTheServersItIsLimitedTo() {
    String handle = handle("CANARY-user-a");

    assertThat(
            gates.judge(
                TestCall.outbound("jira")
                    .with(Part.AUTHORITY, "jira.example")
                    .header("baggage", "valetkey=" + handle)))
        .isEqualTo(refused(Reason.HANDLE_ELSEWHERE));
  }

  // AB11
  @Test
  void handleDiesWithItsSession() {
    String handle = handle("CANARY-user-a");
    Objects.requireNonNull(gates.users.known(FakeSubjects.digest("CANARY-user-a"))).session().end();

    assertThat(gates.judge(outbound().header("baggage", "valetkey=" + handle)))
        .isEqualTo(refused(Reason.HANDLE_UNKNOWN));
  }

  /** An agent that holds a user token of its own cannot use it where handles are given out. */
  @Test
  void userTokenItselfDoesNotCountWhereHandlesDo() {
    assertThat(gates.judge(outbound().bearer("CANARY-user-a")))
        .isEqualTo(refused(Reason.NO_USER_TOKEN));
  }

  @Test
  void traceLeadsToTheUserWhoBroughtIt() {
    admitted(gates, call("CANARY-user-a").header("traceparent", TRACEPARENT));

    assertServed("alice", outbound().header("traceparent", TRACEPARENT.replace("b7ad", "c7ad")));
  }

  @Test
  void mintedTraceLeadsToItsUser() {
    String minted = text(admitted(gates, call("CANARY-user-b")).traceparent());

    assertServed("bob", outbound().header("traceparent", minted));
  }

  // TM-MIX
  @Test
  void traceThatTwoUsersBroughtCountsForNobody() {
    admitted(gates, call("CANARY-user-a").header("traceparent", TRACEPARENT));
    admitted(gates, call("CANARY-user-b").header("traceparent", TRACEPARENT));

    assertThat(gates.judge(outbound().header("traceparent", TRACEPARENT)))
        .isEqualTo(refused(Reason.AMBIGUOUS_USER));
  }

  // TM-MIX
  @Test
  void traceThatTheAgentUsedFirstCountsForNobody() {
    assertThat(gates.judge(outbound().header("traceparent", TRACEPARENT)))
        .isEqualTo(refused(Reason.NO_USER_TOKEN));

    admitted(gates, call("CANARY-user-a").header("traceparent", TRACEPARENT));

    assertThat(gates.judge(outbound().header("traceparent", TRACEPARENT)))
        .isEqualTo(refused(Reason.NO_USER_TOKEN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01"
      })
  void traceparentThatCannotBeReadIsReplaced(String traceparent) {
    HeaderEdits edits = admitted(gates, call("CANARY-user-a").header("traceparent", traceparent));

    assertThat(text(edits.traceparent())).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00");
  }

  @Test
  void traceparentOfAClientIsKept() {
    assertThat(
            admitted(gates, call("CANARY-user-a").header("traceparent", TRACEPARENT)).traceparent())
        .isNull();
  }

  @Test
  void onlyUserThereIsCountsWithoutAnyCorrelator() {
    Gates single = gates(UserTokenToAgent.LEAVE, WORKLOAD);
    assertThat(single.judge(outbound())).isEqualTo(refused(Reason.NO_USER_TOKEN));
    admitted(single, call("CANARY-user-a"));

    assertServed(single, "alice", outbound());
  }

  @Test
  void withTwoLiveUsersAndNoCorrelatorTheCallIsRefused() {
    Gates single = gates(UserTokenToAgent.LEAVE, WORKLOAD);
    admitted(single, call("CANARY-user-a"));
    admitted(single, call("CANARY-user-b"));

    assertThat(single.judge(outbound())).isEqualTo(refused(Reason.AMBIGUOUS_USER));

    Objects.requireNonNull(single.users.known(FakeSubjects.digest("CANARY-user-b")))
        .session()
        .end();
    assertServed(single, "alice", outbound());
  }

  private String handle(String token) {
    return text(admitted(gates, call(token)).authorization()).substring(7);
  }

  private Forward assertServed(String sub, TestCall call) {
    return assertServed(gates, sub, call);
  }

  private static Forward assertServed(Gates gates, String sub, TestCall call) {
    Forward forward = (Forward) gates.judge(call);
    assertThat(text(forward.edits().authorization())).isEqualTo("Bearer CANARY-issued");
    assertThat(Objects.requireNonNull(gates.tokens.asked().getLast().user()).sub()).isEqualTo(sub);
    return forward;
  }

  private static HeaderEdits admitted(Gates gates, TestCall call) {
    return ((Forward) gates.gate.decide(call.build(), Gates.deadline())).edits();
  }

  private static TestCall call(String token) {
    return TestCall.inbound().header("authorization", "Bearer " + token);
  }

  private static TestCall outbound() {
    return TestCall.outbound("github");
  }

  private static Decision refused(Reason reason) {
    return new Refuse(reason, 0, false);
  }

  private static String text(byte @Nullable [] value) {
    return new String(Objects.requireNonNull(value), StandardCharsets.ISO_8859_1);
  }

  /** A call made for somebody who is gone is nobody else's. */
  @Test
  void traceOfAUserWhoIsGoneIsNotTheOnlyUsers() {
    for (UserTokenSource[] from : List.of(sources(TRACE, WORKLOAD), sources(WORKLOAD, TRACE))) {
      Gates both = gates(UserTokenToAgent.LEAVE, from);
      admitted(both, call("CANARY-user-a"));
      admitted(both, call("CANARY-user-b").header("traceparent", TRACEPARENT));
      Objects.requireNonNull(both.users.known(FakeSubjects.digest("CANARY-user-b")))
          .session()
          .end();

      assertServed(both, "alice", outbound());
      assertThat(
              both.gate.decide(
                  outbound().header("traceparent", TRACEPARENT).build(), Gates.deadline()))
          .isEqualTo(refused(Reason.HANDLE_UNKNOWN));
    }
  }

  @Test
  void handleIsNeverTakenForAUserToken() {
    Gates both = gates(UserTokenToAgent.HANDLE, new UserTokenSource.Authorization(), HANDLE);
    String handle = text(admitted(both, call("CANARY-user-a")).authorization());
    int verifications = both.users.verifications();

    assertServed(both, "alice", outbound().header("x-valetkey-user-token", handle));
    assertThat(both.users.verifications()).isEqualTo(verifications);
  }

  private static UserTokenSource[] sources(UserTokenSource... sources) {
    return sources;
  }
}
