package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.net.URI;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a server's metadata may say (RFC 9728 §2, §3.3; hardening T12). */
class ProtectedResourceTest {
  private static final URI SERVER = URI.create("https://mcp.example/a/mcp");

  // R-MCP-4, R-MCP-6
  @ParameterizedTest
  @CsvSource({
    "https://mcp.example/a/mcp",
    "https://mcp.example/a/mcp/",
    "HTTPS://MCP.Example:443/a/mcp",
    "https://mcp.example/a",
    "https://mcp.example/a/",
    "https://mcp.example",
    "https://mcp.example/"
  })
  void resourceIsTheServersUrlOrAPathThatLeadsToIt(String resource) {
    assertThat(read("{'resource': '" + resource + "'}"))
        .isEqualTo(
            new Fetched.Got<>(new ProtectedResource(URI.create(resource), List.of(), List.of())));
  }

  // R-MCP-6
  @ParameterizedTest
  @CsvSource({
    "https://mcp.example/a/mc",
    "https://mcp.example/a/mcp2",
    "https://mcp.example/a/mcp/b",
    "https://mcp.example/A/mcp",
    "https://mcp.example/a//mcp",
    "https://mcp.example//",
    "https://mcp.example/a/../a/mcp",
    "https://mcp.example/%61/mcp",
    "https://mcp.example/a/mcp?",
    "https://mcp.example/a/mcp?b",
    "https://mcp.example/a/mcp#",
    "https://mcp.example:8443/a/mcp",
    "http://mcp.example/a/mcp",
    "http://mcp.example:443/a/mcp",
    "https://user@mcp.example/a/mcp",
    "https://mcp.example.evil.example/a/mcp",
    "https://evil.example/a/mcp",
    "https://mcp.example./a/mcp",
    "//mcp.example/a/mcp",
    "/a/mcp",
    "urn:mcp",
    "https:mcp.example",
    "https://[",
    "' '",
    "''"
  })
  void metadataAboutAnotherResourceIsNotUsed(String resource) {
    assertThat(read("{'resource': '" + resource + "'}"))
        .isEqualTo(new Fetched.Missed<>("about another resource"));
  }

  // R-MCP-6
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}",
        "{'resource': null}",
        "{'resource': 7}",
        "{'resource': ['https://mcp.example/a/mcp']}",
        "{'Resource': 'https://mcp.example/a/mcp'}"
      })
  void metadataAboutNothingIsNotUsed(String document) {
    assertThat(read(document)).isEqualTo(new Fetched.Missed<>("about another resource"));
  }

  // R-RI-4: neither signed metadata nor unknown members count.
  @Test
  void onlyWhatIsUnderstoodIsTaken() {
    assertThat(
            read(
                "{'resource': 'https://mcp.example/a/mcp',"
                    + " 'authorization_servers': ['https://as.example/x', 'https://AS.example/',"
                    + " 'https://as.example/x'],"
                    + " 'scopes_supported': ['read', 'a b', '', 'write', 'read', 'a\\\\b'],"
                    + " 'signed_metadata': 'e30.e30.', 'jwks_uri': 7, 'x': {'resource': []}}"))
        .isEqualTo(
            new Fetched.Got<>(
                new ProtectedResource(
                    SERVER,
                    List.of("https://as.example/x", "https://AS.example/"),
                    List.of("read", "write"))));
  }

  static Stream<Arguments> lists() {
    String issuers = "'authorization_servers': ";
    String scopes = "'scopes_supported': ";
    return Stream.of(
        arguments(issuers + list(16), true),
        arguments(issuers + list(17), false),
        arguments(issuers + "['" + "a".repeat(2048) + "']", true),
        arguments(issuers + "['" + "a".repeat(2049) + "']", false),
        arguments(issuers + "'https://as.example'", false),
        arguments(issuers + "[['https://as.example']]", false),
        arguments(issuers + "[null]", false),
        arguments(issuers + "null", false),
        arguments(issuers + "[]", true),
        arguments(scopes + list(256), true),
        arguments(scopes + list(257), false),
        arguments(scopes + "'read write'", false),
        arguments(scopes + "[7]", false));
  }

  @ParameterizedTest
  @MethodSource("lists")
  void listsAreListsOfTextsWithinLimits(String member, boolean fine) {
    Fetched<ProtectedResource> read =
        read("{'resource': 'https://mcp.example/a/mcp', " + member + "}");

    if (fine) {
      assertThat(read).isInstanceOf(Fetched.Got.class);
    } else {
      assertThat(read).isEqualTo(new Fetched.Missed<>("not as RFC 9728 has it"));
    }
  }

  private static String list(int size) {
    return IntStream.range(0, size)
        .mapToObj(i -> "'x" + i + "'")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static Fetched<ProtectedResource> read(String document) {
    byte[] json = document.replace('\'', '"').getBytes(UTF_8);
    return ProtectedResource.read(StrictJson.object(json).orElseThrow(), SERVER);
  }
}
