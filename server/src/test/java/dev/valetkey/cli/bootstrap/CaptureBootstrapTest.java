package dev.valetkey.cli.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.cli.Samples;
import dev.valetkey.config.Config;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CaptureBootstrapTest {
  private static final String WEATHER = "weather: {url: https://weather.example/mcp, grant: none}";

  @TempDir Path folder;

  @Test
  void nothingPassesWhileItIsUnknownWhatItIs() {
    for (String printed : new String[] {capture(WEATHER, ""), intercept(WEATHER, "")}) {
      assertThat(printed)
          .contains("listener_filters_timeout: 10s")
          .doesNotContain("continue_on_listener_filters_timeout");
    }
  }

  // TM-CA
  @Test
  void openedTlsLeadsToListedHostsOnly() {
    String printed = intercept(WEATHER, "");

    String opened = printed.substring(printed.indexOf("name: opened_tls"));
    assertThat(opened.substring(0, opened.indexOf("default_filter_chain")))
        .contains("domains: [weather.example]")
        .doesNotContain("domains: [\"*\"]", "valetkey_unlisted");
  }

  @Test
  void tlsToServersThatTheAgentMayCallInClearTextAloneIsRefused() {
    String printed =
        intercept(
            "local: {url: http://local.example/mcp, allow_http: true, grant: none}\n  " + WEATHER,
            "");

    assertThat(printed)
        .contains("{transport_protocol: tls, server_names: [weather.example]}")
        .contains("{transport_protocol: tls, server_names: [local.example]}")
        .doesNotContain("name: local.example");
  }

  @Test
  void otherTlsIsRefusedWhereConfigured() {
    assertThat(capture(WEATHER, "envoy: {other_tls: refuse}"))
        .contains("filter_chain_match: {transport_protocol: tls}");
    assertThat(capture(WEATHER, ""))
        .doesNotContain("filter_chain_match: {transport_protocol: tls}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[25]", "[25, 25]", "[25, 21]"})
  void serverFirstPortsAreNotLookedInto(String ports) {
    String printed = capture(WEATHER, "envoy: {server_first_ports: " + ports + "}");

    assertThat(printed.split("filter_disabled:")).hasSize(3);
    assertThat(printed.split("destination_port_range: \\{start: 25, end: 26}")).hasSize(3);
  }

  @Test
  void everyPortIsLookedIntoWhereNoServerSpeaksFirst() {
    assertThat(capture(WEATHER, "envoy: {server_first_ports: []}"))
        .doesNotContain("filter_disabled");
  }

  @Test
  void rulesetLeavesTheInsideAloneWithoutAnInboundSection() {
    assertThat(NftRuleset.print(config(WEATHER, "")))
        .contains("tcp dport { 15001 } fib daddr")
        .doesNotContain("15006", "prerouting", "8080");
  }

  private String capture(String servers, String sections) {
    return CaptureBootstrap.capture(config(servers, sections));
  }

  private String intercept(String servers, String sections) {
    return CaptureBootstrap.intercept(config(servers, sections));
  }

  private Config config(String servers, String sections) {
    String yaml = "intercept: {}\n%s\nservers:\n  %s\n".formatted(sections, servers);
    return Samples.config(Samples.write(yaml, folder));
  }
}
