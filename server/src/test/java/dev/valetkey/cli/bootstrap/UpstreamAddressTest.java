package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UpstreamAddressTest {
  /** RFC 5952 §4: Envoy writes the addresses of certificates so, and compares them as text. */
  @ParameterizedTest
  @CsvSource({
    "mcp.example.com:443, mcp.example.com, false, 443",
    "localhost:80, localhost, false, 80",
    "127.0.0.1:8080, 127.0.0.1, true, 8080",
    "127.1:8080, 127.1, false, 8080",
    "[::1]:1, ::1, true, 1",
    "[0:0:0:0:0:0:0:0]:1, ::, true, 1",
    "[fd00:0:0:0:0:0:0:7]:443, fd00::7, true, 443",
    "[2001:DB8:0:0:1:0:0:1]:443, 2001:db8::1:0:0:1, true, 443",
    "[2001:db8:0:1:1:1:1:1]:443, 2001:db8:0:1:1:1:1:1, true, 443",
    "[1:0:0:2:0:0:0:0]:443, 1:0:0:2::, true, 443",
    "[::ffff:10.0.0.1]:443, 10.0.0.1, true, 443"
  })
  void hostIsInItsShortestForm(String text, String host, boolean ip, int port) {
    assertThat(UpstreamAddress.parse(text)).isEqualTo(new UpstreamAddress(host, ip, port));
  }
}
