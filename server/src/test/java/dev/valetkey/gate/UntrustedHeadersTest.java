package dev.valetkey.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.Decision;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.TestCall;
import dev.valetkey.config.Copies;
import dev.valetkey.config.InboundConfig;
import dev.valetkey.config.InboundConfig.UserTokenToAgent;
import dev.valetkey.token.TokenOutcome.Granted;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Headers that proxies trust and attackers set: no decision ever depends on one. */
final class UntrustedHeadersTest {
  private static final String[] NAMES = {
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-uri",
    "x-forwarded-method",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-prefix",
    "x-forwarded-path",
    "x-forwarded-server",
    "x-forwarded-client-cert",
    "x-forwarded-access-token",
    "x-forwarded-preferred-username",
    "x-envoy-original-path",
    "x-envoy-original-host",
    "x-envoy-original-method",
    "x-envoy-internal",
    "x-envoy-external-address",
    "x-envoy-attempt-count",
    "x-envoy-retry-on",
    "x-envoy-max-retries",
    "x-envoy-decorator-operation",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-downstream-service-node",
    "x-envoy-peer-metadata",
    "x-envoy-force-trace",
    "x-envoy-auth-partial-body",
    "x-envoy-hedge-on-per-try-timeout",
    "forwarded",
    "x-original-url",
    "x-rewrite-url",
    "x-real-ip",
    "x-http-method-override",
    "x-original-uri",
    "via",
    "x-valetkey-direction",
    "x-valetkey-server",
    "valetkey.direction",
    "valetkey.server",
    "valetkey.unlisted",
    "x_forwarded_user",
    "proxy-authorization",
    "mcp-session-id"
  };

  private static final String[] VALUES = {
    "127.0.0.1",
    "/mcp/admin",
    "TRACE",
    "Bearer CANARY-user-b",
    "unlisted",
    "retry",
    "evil.example",
    "",
    "1"
  };

  private final Gates gates =
      Gates.of(
          Configs.of(
              Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE),
              Configs.server("admin", "https://mcp.github.example/mcp/admin", Configs.REFUSE)));

  // AB7, TM-HEADERS
  @Test
  void addingThemLeavesEveryDecisionAsItWas() {
    gates.users.knows("CANARY-user-a", "alice").knows("CANARY-user-b", "bob");
    gates.tokens.knows(new Granted(FakeTokens.TOKEN)).renews(new Granted(FakeTokens.TOKEN));
    List<Supplier<TestCall>> calls =
        List.of(
            () -> TestCall.outbound("github").bearer("CANARY-user-a"),
            () -> TestCall.outbound("github"),
            () -> TestCall.outbound("github").bearer("CANARY-user-bad"),
            () -> TestCall.outbound("github").with(Part.PATH, "/mcp/admin"),
            () -> TestCall.outbound("admin").with(Part.PATH, "/mcp/admin"),
            () -> TestCall.retry("github").header("authorization", "Bearer CANARY-issued"),
            () -> TestCall.unlisted().header("authorization", "Bearer CANARY-user-a"),
            () -> TestCall.unlisted().header("authorization", "Bearer sk-CANARY-key"),
            () -> TestCall.unlisted().without(Part.DIRECTION));
    Random random = new Random(5);

    for (Supplier<TestCall> call : calls) {
      Decision plain = gates.judge(call.get());
      for (String name : NAMES) {
        for (String value : VALUES) {
          assertThat(gates.judge(call.get().header(name, value))).isEqualTo(plain);
        }
      }
      for (int i = 0; i < 200; i++) {
        TestCall many = call.get();
        for (int n = 0; n < 40; n++) {
          many.header(NAMES[random.nextInt(NAMES.length)], VALUES[random.nextInt(VALUES.length)]);
        }
        assertThat(gates.judge(many)).isEqualTo(plain);
      }
    }
    assertThat(gates.tokens.asked())
        .allSatisfy(request -> assertThat(request.user().sub()).isEqualTo("alice"));
  }

  /** The same for users' calls of the agent: only the route says that they are that. */
  // AB7
  @Test
  void addingThemLeavesUsersCallsAsTheyWere() {
    Gates inbound =
        Gates.of(
            Copies.of(
                Configs.of(
                    Configs.server("github", "https://mcp.github.example/mcp", Configs.EXCHANGE)),
                "inbound",
                new InboundConfig(UserTokenToAgent.LEAVE, List.of(), List.of("github"))));
    inbound.users.knows("CANARY-user-a", "alice").knows("CANARY-user-b", "bob");
    List<Supplier<TestCall>> calls =
        List.of(
            () -> TestCall.inbound().header("authorization", "Bearer CANARY-user-a"),
            () -> TestCall.inbound().header("authorization", "Bearer CANARY-user-bad"),
            TestCall::inbound);

    for (Supplier<TestCall> call : calls) {
      Decision plain = inbound.judge(call.get());
      for (String name : NAMES) {
        for (String value : List.of("outbound", "github", "Bearer CANARY-user-b", "")) {
          assertThat(inbound.judge(call.get().header(name, value))).as(name).isEqualTo(plain);
        }
      }
      assertThat(inbound.judge(call.get().header("x-valetkey-user-token", "Bearer CANARY-user-b")))
          .isEqualTo(plain);
    }
    assertThat(inbound.tokens.asked()).isEmpty();
  }
}
