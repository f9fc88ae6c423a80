package dev.valetkey.intercept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.gate.Configs;
import org.junit.jupiter.api.Test;

final class InterceptedHostsTest {
  @Test
  void hostsAreThoseOfHttpsAddressesInTheFilesOrder() {
    assertThat(
            InterceptedHosts.of(
                Configs.of(
                    Configs.server(
                        "example",
                        "https://mcp.example.com/mcp",
                        Configs.NONE,
                        Configs.REFUSE,
                        "https://alias.example.com:8443/mcp",
                        "http://plain.example.com/mcp"),
                    Configs.server("second", "https://mcp.example.com/other", Configs.NONE),
                    Configs.server(
                        "local",
                        "http://local.example/mcp",
                        Configs.NONE,
                        Configs.REFUSE,
                        "https://local.example/mcp"),
                    Configs.server("plain", "http://plain.example/mcp", Configs.NONE))))
        .containsExactly("mcp.example.com", "alias.example.com", "local.example");
  }

  /** TLS clients do not say an address as a name, RFC 6066 §3. */
  @Test
  void addressesAreNoHosts() {
    assertThat(
            InterceptedHosts.of(
                Configs.of(
                    Configs.server("four", "https://10.0.0.1/mcp", Configs.NONE),
                    Configs.server("six", "https://[fd00::1]/mcp", Configs.NONE))))
        .isEmpty();
  }
}
