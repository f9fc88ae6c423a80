package dev.valetkey.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.TestCall;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.ServerConfig.ToolRule;
import dev.valetkey.token.Target;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which target a call of a tool has; what Envoy makes of such calls is in ToolScopeIT. */
final class ToolTargetsTest {
  private final Gates gates =
      gates(
          Configs.EXCHANGE,
          new ToolRule("create_*", List.of("repo:read", "repo:write")),
          new ToolRule("a*a", List.of("both")),
          new ToolRule("*", List.of("repo:read")));

  // R-MCP-13
  @ParameterizedTest
  @CsvSource({
    "create_,              repo:read repo:write",
    "create_issue,         repo:read repo:write",
    "xcreate_issue,        repo:read",
    // What stands before and behind the star does not overlap.
    "a,                    repo:read",
    "aa,                   both",
    "a1a,                  both",
    // No base64 between the marks, or not enough room for both of them.
    "=?base64?=,           repo:read",
    "=?base64??=,          repo:read",
    "=?base64?Y3JlYXRlXw==?=, repo:read repo:write",
    "=?base64?Y3JlYXRlXw?=,   repo:read repo:write",
    "=?base64?Y3JlYXRlXw,  repo:read",
    "create_\u00e4,       repo:read repo:write"
  })
  void firstRuleThatMatchesTheWholeNameCounts(String name, String scope) {
    gates.judge(call(name));

    assertThat(scopes(gates)).containsOnly(List.of(scope.split(" ")));
  }

  // R-MCP-13, R-CA-1
  @Test
  void toolsOfOneScopeShareATargetAndOthersDoNot() {
    gates.judge(call("create_one"));
    gates.judge(call("create_two"));
    gates.judge(call("read"));

    List<Target> targets = gates.tokens.asked().stream().map(asked -> asked.target()).toList();
    assertThat(targets.stream().map(Target::keyPart).distinct()).hasSize(2);
    assertThat(targets.stream().map(System::identityHashCode).distinct()).hasSize(2);
  }

  @Test
  void callOfNobodyMayUseTheRulesOfItsServer() {
    Gates workload = gates(Configs.CLIENT_CREDENTIALS, new ToolRule("x*", List.of("everything")));

    workload.judge(headers(TestCall.outbound("github"), "x-ray"));

    assertThat(scopes(workload)).containsOnly(List.of("everything"));
  }

  private static TestCall call(String tool) {
    return headers(TestCall.outbound("github").bearer("CANARY-user"), tool);
  }

  private static TestCall headers(TestCall call, String tool) {
    return call.header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", tool);
  }

  private static List<List<String>> scopes(Gates gates) {
    return gates.tokens.asked().stream()
        .map(asked -> ((GrantConfig.Asking) asked.target().grant()).scope())
        .toList();
  }

  private static Gates gates(GrantConfig grant, ToolRule... rules) {
    ServerConfig plain = Configs.server("github", "https://mcp.github.example/mcp", grant);
    Gates gates = Gates.of(Configs.of(Configs.withTools(plain, rules)));
    gates.users.knows("CANARY-user", "alice");
    return gates;
  }
}
