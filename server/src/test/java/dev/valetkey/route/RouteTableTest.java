package dev.valetkey.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.call.HttpCall;
import dev.valetkey.call.HttpCall.Part;
import dev.valetkey.call.Reason;
import dev.valetkey.call.TestCall;
import dev.valetkey.gate.Configs;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RouteTableTest {
  private final RouteTable table =
      new RouteTable(
          List.of(
              Configs.server(
                  "github",
                  "https://mcp.github.example/mcp",
                  Configs.EXCHANGE,
                  Configs.REFUSE,
                  "http://github.mcp.local/mcp"),
              Configs.server("admin", "https://mcp.github.example/mcp/admin", Configs.REFUSE),
              Configs.server("deep", "https://mcp.github.example/mcp/admin/deep/", Configs.NONE),
              Configs.server("twin", "https://mcp.github.example/mcp2", Configs.NONE),
              Configs.server("rooted", "https://root.example", Configs.NONE),
              Configs.server("elsewhere", "https://other.example/mcp", Configs.NONE)));

  // AB1
  @ParameterizedTest
  @CsvSource({
    "github, mcp.github.example, /mcp",
    "github, mcp.github.example, /mcp/",
    "github, mcp.github.example, /mcp/x/y",
    "github, mcp.github.example, /mcp?a=/../b",
    "github, mcp.github.example, /mcp/?x",
    "github, MCP.GitHub.Example:443, /mcp",
    "github, github.mcp.local, /mcp",
    "github, github.mcp.local:80, /mcp/x",
    "github, mcp.github.example, /mcp/administrator",
    "github, mcp.github.example, /mcp/a%20b",
    "github, mcp.github.example, /mcp/...",
    "admin, mcp.github.example, /mcp/admin",
    "admin, mcp.github.example, /mcp/admin/users",
    "deep, mcp.github.example, /mcp/admin/deep",
    "deep, mcp.github.example, /mcp/admin/deep/x",
    "rooted, root.example, /",
    "rooted, root.example, /anything",
    "rooted, root.example, /?x"
  })
  void callsOfAServerAreItsOwn(String server, String authority, String path) {
    assertThat(match(server, authority, path))
        .isInstanceOfSatisfying(
            Route.class, route -> assertThat(route.server().name()).isEqualTo(server));
  }

  // AB1
  @ParameterizedTest
  @CsvSource({
    "github, mcp.github.example, /mcp/admin",
    "github, mcp.github.example, /mcp/admin/",
    "github, mcp.github.example, /mcp/admin?x",
    "github, mcp.github.example, /mcp/admin/deep",
    "admin, mcp.github.example, /mcp/admin/deep",
    "admin, mcp.github.example, /mcp",
    "github, mcp.github.example, /mcp2",
    "twin, mcp.github.example, /mcp",
    "github, mcp.github.example, /MCP",
    "github, mcp.github.example, /mcpevil",
    "github, mcp.github.example, /mc",
    "github, mcp.github.example, /",
    "github, mcp.github.example, /mcp;x",
    "github, mcp.github.example, /mcp%252f",
    "admin, mcp.github.example, /mcp/admin;x"
  })
  void pathsOfOthersAreNotListed(String server, String authority, String path) {
    assertThat(match(server, authority, path))
        .isEqualTo(new Match.Mismatch(Reason.PATH_NOT_LISTED));
  }

  // AB1, AB8
  @ParameterizedTest
  @CsvSource({
    "github, mcp.github.example.evil.com",
    "github, root.example",
    "github, mcp.github.example:80",
    "github, github.mcp.local:443",
    "elsewhere, mcp.github.example",
    "rooted, ''"
  })
  void authoritiesOfOthersDoNotMatch(String server, String authority) {
    assertThat(match(server, authority, "/mcp"))
        .isEqualTo(new Match.Mismatch(Reason.AUTHORITY_MISMATCH));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "jira", "GITHUB", "github ", "githu", "github\u0000"})
  void serversThatAreNotConfiguredAreUnknown(String server) {
    assertThat(match(server, "mcp.github.example", "/mcp"))
        .isEqualTo(new Match.Mismatch(Reason.UNKNOWN_SERVER));
  }

  @Test
  void callsWithoutServerAuthorityOrPathMatchNothing() {
    assertThat(table.match(TestCall.outbound("github").without(Part.SERVER).build()))
        .isEqualTo(new Match.Mismatch(Reason.UNKNOWN_SERVER));
    assertThat(table.match(TestCall.outbound("github").without(Part.AUTHORITY).build()))
        .isEqualTo(new Match.Mismatch(Reason.AUTHORITY_MISMATCH));
    assertThat(table.match(TestCall.outbound("github").without(Part.PATH).build()))
        .isEqualTo(new Match.Mismatch(Reason.PATH_NOT_CANONICAL));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "mcp",
        "*",
        "https://mcp.github.example/mcp",
        "\\mcp",
        "//mcp",
        "/mcp//x",
        "/mcp//",
        "//",
        "/mcp/.",
        "/mcp/./x",
        "/mcp/..",
        "/mcp/../x",
        "/.",
        "/..",
        "/../mcp",
        "/mcp/.?x",
        "/mcp/..?x",
        "/mcp/..;/admin",
        "/mcp/..;x=1/admin",
        "/mcp/.;/x",
        "/mcp/..;",
        "/mcp/..;?x",
        "/mcp%2f..",
        "/mcp/%2F",
        "/mcp/%2e%2e/x",
        "/mcp/.%2E/x",
        "/mcp%5cx",
        "/mcp/%00",
        "/mcp\u0000",
        "/mcp\\..\\x",
        "/mcp/x\\y",
        "/mcp#x",
        "/mcp?x#y",
        "/mcp ",
        "/mcp x",
        "/mcp\t",
        "/mcp\r\nx: y",
        "/mcp\u007f",
        "/mcp?\u0001",
        "/mcp? ",
        "/mcp/%",
        "/mcp/%2",
        "/mcp/%zz",
        "/mcp/%2g",
        "/mcp/%-1",
        "/mcp/%u002e",
        "/%6dcp",
        "/mcp/%61dmin",
        "/mcp/adm%49n",
        "/mcp/%7euser",
        "/mcp/%5F",
        "/mcp/%30",
        "/mcp/admin%3bx",
        "/mcp/admin;x",
        "/mcp/x;y",
        "/mcp/a;/admin",
        "/mcp/\u00e9",
        "/mcp/\u00c0\u00ae",
        "/mcp?\u00e9",
        "/mcp/%c0%ae%c0%ae/x",
        "/mcp/%C1%9C",
        "/mcp/%e0%80%ae",
        "/mcp/%e0%80%af",
        "/mcp/%f0%80%80%ae"
      })
  void pathsThatReadersCouldReadDifferentlyAreRefused(String path) {
    assertThat(match("github", "mcp.github.example", path))
        .isEqualTo(new Match.Mismatch(Reason.PATH_NOT_CANONICAL));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/mcp/%c3%a9",
        "/mcp/%e0%a4%b9",
        "/mcp/%f0%9f%98%80",
        "/mcp/.well-known",
        "/mcp/..x",
        "/mcp/a..",
        "/mcp/~user",
        "/mcp/%25",
        "/mcp?q=%2f%5c%00..//;",
        "/mcp?https://x/../y"
      })
  void ordinaryPathsPass(String path) {
    assertThat(match("github", "mcp.github.example", path)).isInstanceOf(Route.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a;b=c", "/...;x", "/a;b/c", "/a;..", "/;x"})
  void parametersPassWhereNoOtherServerLiesDeeper(String path) {
    assertThat(match("rooted", "root.example", path)).isInstanceOf(Route.class);
  }

  @Test
  void longPathsAreJudgedLikeOthers() {
    assertThat(match("github", "mcp.github.example", "/mcp/" + "a".repeat(64 * 1024)))
        .isInstanceOf(Route.class);
    assertThat(match("github", "mcp.github.example", "/" + "a".repeat(64 * 1024)))
        .isEqualTo(new Match.Mismatch(Reason.PATH_NOT_LISTED));
  }

  /** However a path is spelt: what matches lies below the prefix for every reader we know. */
  // TM-PINNED
  @Test
  void nothingMatchesOutsideThePrefix() {
    Random random = new Random(7);
    String[] pieces = {
      "/", "/", "/", ".", "..", "mcp", "admin", "MCP", "%2e", "%2F", "%5c", "%25", "%252e", ";",
      ";x", "\\", "?", "#", "%00", "%c0%ae", "a", "%", "%61", "%3b", " ", "//", "deep", "\u00e9"
    };
    int matched = 0;
    for (int i = 0; i < 200_000; i++) {
      StringBuilder path = new StringBuilder(random.nextInt(3) == 0 ? "" : "/mcp/");
      for (int n = random.nextInt(7); n > 0; n--) {
        path.append(pieces[random.nextInt(pieces.length)]);
      }
      if (match("github", "mcp.github.example", path.toString()) instanceof Route) {
        matched++;
        assertBelowPrefix(path.toString());
      }
    }
    assertThat(matched).isGreaterThan(10_000);
  }

  private static void assertBelowPrefix(String path) {
    String decoded =
        URLDecoder.decode(path.split("\\?", 2)[0].replace("+", "%2B"), StandardCharsets.ISO_8859_1);
    for (String reading :
        List.of(path.split("\\?", 2)[0], decoded, decoded.replaceAll(";[^/]*", ""))) {
      String resolved = resolve(reading);
      assertThat(resolved.equals("/mcp") || resolved.startsWith("/mcp/")).as(path).isTrue();
      assertThat(resolved.equals("/mcp/admin") || resolved.startsWith("/mcp/admin/"))
          .as(path)
          .isFalse();
    }
  }

  /** RFC 3986 §5.2.4, by the platform's own code. */
  private static String resolve(String path) {
    URI uri = URI.create("http://h" + path.replaceAll("[^A-Za-z0-9/.]", "_").replaceAll("/+", "/"));
    return uri.normalize().getPath();
  }

  private Match match(String server, String authority, String path) {
    HttpCall call =
        TestCall.outbound(server).with(Part.AUTHORITY, authority).with(Part.PATH, path).build();
    return table.match(call);
  }
}
