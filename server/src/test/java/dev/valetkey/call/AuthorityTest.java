package dev.valetkey.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Envoy may show as the authority of a call, against the configured one. */
final class AuthorityTest {
  private static final Authority SERVER = Authority.of(URI.create("https://mcp.example.com/mcp"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mcp.example.com",
        "MCP.Example.COM",
        "mcp.example.com.",
        "mcp.example.com:443",
        "MCP.example.com.:443"
      })
  void sameHostInAnySpelling(String authority) {
    assertThat(matches(SERVER, authority)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        ":443",
        "mcp.example.com..",
        "mcp.example.com:",
        "mcp.example.com:0443",
        "mcp.example.com:443:443",
        "mcp.example.com:80",
        "mcp.example.com:8443",
        "mcp.example.com:65979", // 443 + 65536
        "mcp.example.com:99999",
        "mcp.example.com:4294967739", // 443 + 2^32
        "mcp.example.com:+443",
        "mcp.example.com:-443",
        "mcp.example.com: 443",
        "mcp.example.com:443 ",
        "mcp.example.com:44x",
        "a@mcp.example.com",
        "mcp.example.com@evil.com",
        "evil.com#mcp.example.com",
        "mcp.example.com#evil.com",
        "mcp.example.com/evil",
        "mcp.example.com?evil",
        "mcp.example.com\\evil",
        "mcp.example.com.evil.com",
        "mcp.example.com%2eevil",
        "mcp.example.com%2e",
        "mcp%2eexample.com",
        "evilmcp.example.com",
        "mcp.example.comx",
        "mcp.example.co",
        "mcpxexample.com",
        "mcp_example.com",
        "mcp.example.com ",
        " mcp.example.com",
        "mcp. example.com",
        "mcp.example.com,evil.com",
        "mcp.example.com,mcp.example.com",
        "mcp.example.com\t",
        "mcp.example.com\u0000",
        "mcp.ex\u00e4mple.com",
        "mcp\u3002example\u3002com",
        "m\u0441p.example.com",
        "xn--mcp-example.com",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1%25eth0]",
        "[mcp.example.com]",
        "127.1",
        "0x7f000001",
        "017700000001",
        "2130706433",
        "169.254.169.254",
        "100.100.100.200",
        "64:ff9b::a9fe:a9fe",
        "https://mcp.example.com",
        "//mcp.example.com"
      })
  void anythingElseIsAnotherHost(String authority) {
    assertThat(matches(SERVER, authority)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 255, 256, 4096, 65_000})
  void longHostsAreOtherHosts(int length) {
    assertThat(matches(SERVER, "a".repeat(length))).isFalse();
    assertThat(matches(SERVER, "mcp.example.com" + ".".repeat(length))).isFalse();
    assertThat(matches(SERVER, "mcp.example.com:" + "0".repeat(length) + "443")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mcp.local", "mcp.local:8080", "MCP.LOCAL.:8080"})
  void portOfTheConfigurationCounts(String authority) {
    assertThat(matches(Authority.of(URI.create("http://mcp.local:8080/mcp")), authority)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mcp.local:80", "mcp.local:443", "mcp.local:08080"})
  void otherPortsDoNot(String authority) {
    assertThat(matches(Authority.of(URI.create("http://mcp.local:8080/mcp")), authority)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[::1]", "[::1]:8443"})
  void addressLiteralsAreComparedAsText(String authority) {
    assertThat(matches(Authority.of(URI.create("https://[::1]:8443/mcp")), authority)).isTrue();
  }

  /** The bytes around the range must not matter. */
  private static boolean matches(Authority authority, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    byte[] buffer = new byte[utf8.length + 40];
    Arrays.fill(buffer, (byte) '3');
    System.arraycopy(utf8, 0, buffer, 20, utf8.length);
    return authority.matches(buffer, 20, 20 + utf8.length);
  }
}
