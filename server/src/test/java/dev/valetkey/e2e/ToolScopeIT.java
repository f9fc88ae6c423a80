package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.SeenRequest;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Least privilege by tool, from the headers of MCP 2026-07-28 and from nothing else. */
@Timeout(60)
final class ToolScopeIT {
  private static final AtomicInteger USERS = new AtomicInteger();

  private static Pod pod;

  @BeforeAll
  static void start() {
    pod =
        new PodFile()
            .exchange(
                "github",
                "tools:",
                "  - {name: \"create_*\", scope: read write}",
                "  - {name: \"*_forever\", scope: read purge}",
                "  - {name: \"löschen\", scope: [read, delete]}",
                "  - {name: create_nothing, scope: never}")
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  // R-MCP-13, R-TX-12
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          # the headers of the call                                                       , scope
          Mcp-Method: tools/call | Mcp-Name: create_issue                                 , read write
          MCP-METHOD: tools/call | mcp-name: create_issue                                 , read write
          Mcp-Method: tools/call | Mcp-Name: delete_forever                               , read purge
          Mcp-Method: tools/call | Mcp-Name: create_it_forever                            , read write
          Mcp-Method: tools/call | Mcp-Name: create_nothing                               , read write
          Mcp-Method: tools/call | Mcp-Name: =?base64?Y3JlYXRlX2lzc3Vl?=                  , read write
          Mcp-Method: tools/call | Mcp-Name: =?base64?bMO2c2NoZW4=?=                      , read delete
          Mcp-Method: tools/call | Mcp-Name: =?BASE64?Y3JlYXRlX2lzc3Vl?=                  , read
          Mcp-Method: tools/call | Mcp-Name: =?base64?*?=                                 , read
          Mcp-Method: tools/call | Mcp-Name: CREATE_issue                                 , read
          Mcp-Method: tools/call | Mcp-Name: whoami                                       , read
          Mcp-Method: Tools/Call | Mcp-Name: create_issue                                 , read
          Mcp-Method: prompts/get | Mcp-Name: create_issue                                , read
          Mcp-Name: create_issue                                                          , read
          Mcp-Method: tools/call                                                          , read
          Mcp-Method: tools/call | Mcp-Name: create_issue | Mcp-Name: whoami              , read
          Mcp-Method: tools/call | Mcp-Name: whoami | Mcp-Name: create_issue              , read
          Mcp-Method: tools/call | Mcp-Method: tools/list | Mcp-Name: create_issue        , read
          """)
  void scopeIsThatOfTheFirstRuleForTheTool(String headers, String scope) {
    assertThat(scopeOf("MCP-Protocol-Version: 2026-07-28 | " + headers)).isEqualTo(scope);
  }

  // R-MCP-13: servers of older revisions do not compare these headers with the body.
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          MCP-Protocol-Version: 2025-11-25                                     , read
          MCP-Protocol-Version: 2026-07-27                                     , read
          X-Nothing: 1                                                         , read
          MCP-Protocol-Version: latest                                         , read
          MCP-Protocol-Version: 9                                              , read
          MCP-Protocol-Version: 2026-07-28 | MCP-Protocol-Version: 2025-11-25  , read
          MCP-Protocol-Version: 2025-11-25 | MCP-Protocol-Version: 2026-07-28  , read
          mcp-protocol-version: 2026-07-28                                     , read write
          MCP-Protocol-Version: 2027-01-01                                     , read write
          """)
  void namesCountOnlyWhereServersVerifyThem(String version, String scope) {
    assertThat(scopeOf(version + " | Mcp-Method: tools/call | Mcp-Name: create_issue"))
        .isEqualTo(scope);
  }

  // R-MCP-13, R-CA-1
  @Test
  void tokensOfDifferentScopeAreKeptApart() {
    String user = newUser();
    String[] create = headers("create_issue");
    String[] whoami = headers("whoami");

    for (int i = 0; i < 3; i++) {
      pod.agent().call("github", user, create);
      pod.agent().call("github", user, whoami);
    }

    assertThat(pod.issuer().exchanges()).hasSize(2);
    List<SeenRequest> seen = pod.server("github").requests().all();
    List<SeenRequest> last = seen.subList(seen.size() - 2, seen.size());
    assertThat(last.get(0).bearer().equals(last.get(1).bearer())).isFalse();
    assertThat(last.get(0).header("mcp-name")).isEqualTo("create_issue");
  }

  private static String[] headers(String tool) {
    return new String[] {
      "MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", tool
    };
  }

  /** The scope that a call with these headers makes us ask for. */
  private static String scopeOf(String headers) {
    String[] namesAndValues =
        Stream.of(headers.split(" \\| "))
            .flatMap(line -> Stream.of(line.strip().split(": ", 2)))
            .toArray(String[]::new);

    assertThat(pod.agent().call("github", newUser(), namesAndValues).status()).isEqualTo(200);

    return String.join(",", pod.issuer().exchanges().getLast().all("scope"));
  }

  private static String newUser() {
    pod.issuer().requests().clear();
    return pod.issuer().userToken("user-" + USERS.incrementAndGet());
  }
}
