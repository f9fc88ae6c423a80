package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.valetkey.config.Config;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code valetkey check --from-authbridge}: their routes file, said as ours. */
final class FromAuthBridgeTest {
  private static final Path RESOURCES =
      Repository.root().resolve("server/src/test/resources/dev/valetkey/cli");

  @TempDir private Path folder;

  // AB1
  @Test
  void exactHostsBecomeServersAndNothingIsLost() throws IOException {
    Run run =
        translated(
            """
            - host: "github-tool"
              target_audience: "github-tool"
              token_scopes: "openid github-tool-aud"
            - host: api.weather.example
              action: exchange
              target_audience: weather
            - host: "*.openai.com"
              passthrough: true
            """);

    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    Config config = config(run.out());
    assertThat(config.servers().keySet()).containsExactly("github-tool", "api-weather-example");
    assertThat(exchange(config, "github-tool").audience()).containsExactly("github-tool");
    assertThat(exchange(config, "github-tool").scope())
        .containsExactly("openid", "github-tool-aud");
    assertThat(exchange(config, "github-tool").resource()).isEmpty();
    assertThat(server(config, "github-tool").url()).hasToString("http://github-tool");
    assertThat(server(config, "api-weather-example").url())
        .hasToString("https://api.weather.example");
    assertThat(server(config, "api-weather-example").aliases().toString())
        .isEqualTo("[http://api.weather.example]");
  }

  // AB1
  @Test
  void whatCannotBeTranslatedIsSaidBesideItAndOnItsLine() {
    Run run =
        Run.of(
            Program.wiring(),
            "",
            "check",
            "--from-authbridge",
            RESOURCES.resolve("authbridge-routes.yaml").toString());

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err().lines().map(line -> line.replace(RESOURCES + "/", "")))
        .containsExactly(
            "authbridge-routes.yaml:9: [3].host: must name one host, not a pattern: a token goes to pinned hosts only; write a server for each host that is meant",
            "authbridge-routes.yaml:11: [4].host: is never reached: target-*.demo on line 9 comes first; it is reached here",
            "authbridge-routes.yaml:14: [5].host: is never reached: target-*.demo on line 9 comes first; it is reached here",
            "authbridge-routes.yaml:16: [5].token_url: does not say which issuer it belongs to; write an issuer with this token_endpoint",
            "authbridge-routes.yaml:20: [7].host: is never reached: an earlier route is for the same host",
            "authbridge-routes.yaml:22: [8].host: is never reached: an earlier route is for the same host",
            "authbridge-routes.yaml:24: [9].host: is never reached: AuthBridge compares without the port; it is reached here",
            "authbridge-routes.yaml:26: [9].target_scopes: unknown key, to AuthBridge too (known: host, target_audience, token_scopes, token_url, action, passthrough, token_broker_url)",
            "authbridge-routes.yaml:27: [10].host: must have a host name of letters, digits, hyphens and dots, or an IP address (was http://git_hub)",
            "authbridge-routes.yaml:29: [11].host: is required",
            "authbridge-routes.yaml:30: [12].target_audience: is required: a token is made for one audience",
            "authbridge-routes.yaml:32: [13].action: must be exchange, passthrough or broker (was exchnge)",
            "authbridge-routes.yaml:33: [13].token_scopes: must be a single value, not a list",
            "authbridge-routes.yaml:34: [14]: must be a route, not a single value",
            "14 problems");
    Samples.assertGolden(RESOURCES.resolve("from-authbridge.yaml"), run.out());
    assertThat(checked(run.out()).status()).isZero();
  }

  /** What is not understood is refused: the host is not left open. */
  @Test
  void hostWithoutATranslationIsRefused() throws IOException {
    Config config =
        config(
            translated(
                    """
                    - {host: a, target_audience: x, token_url: "https://idp.example/token"}
                    - {host: b, target_audience: x, action: other}
                    """)
                .out());

    assertThat(config.servers().values())
        .extracting(server -> server.grant())
        .containsOnly(new GrantConfig.Refuse());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`routes: []`; 1: must be a list of routes, not a mapping; of a ConfigMap, the text of its routes.yaml",
        "`- {host: \"*\"`; not YAML",
        "`- {host: \"*.example\", passthrough: true}`; no route is for a host that could be a server",
        "`- {host: a, target_audience: x, host: b}`; 1: [0].host: duplicate key",
        "`- {host: a, action: broker}`; 1: [0].token_broker_url: must be an https URL (was )"
      },
      delimiter = ';')
  void fileThatIsNoRoutesFile(String routes, String problem) throws IOException {
    Run run = translated(routes + "\n");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains(problem);
  }

  /** Texts of theirs are values here and nothing else, whatever they hold. */
  @Test
  void valuesCannotBreakOut() throws IOException {
    String audience = "a\\\"}\\nunlisted_hosts: refuse\\n# é\\u2028x";
    Run run = translated("- {host: a, target_audience: \"" + audience + "\"}\n");
    Run host =
        translated("- {host: \"x\\ny: z\", target_audience: a}\n- {host: a, action: broker}\n");

    assertThat(exchange(config(run.out()), "a").audience())
        .containsExactly("a\"}\nunlisted_hosts: refuse\n# é\u2028x");
    assertThat(config(host.out()).servers().keySet()).containsExactly("a");
  }

  @Test
  void forMachines() throws IOException {
    Path routes = Files.writeString(folder.resolve("routes.yaml"), "- {host: a}\n");

    Run run =
        Run.of(Program.wiring(), "", "check", "--from-authbridge", "--json", routes.toString());

    assertThat(JsonParser.parseString(run.out()).getAsJsonObject().keySet())
        .containsExactly("good", "problems", "configuration");
    assertThat(run.status()).isEqualTo(2);
  }

  private Run translated(String routes) throws IOException {
    Path file = Files.writeString(folder.resolve("routes.yaml"), routes);
    return Run.of(Program.wiring(), "", "check", "--from-authbridge", file.toString());
  }

  private Run checked(String yaml) {
    return Run.of(Program.wiring(), "", "check", Samples.write(yaml, folder).toString());
  }

  private Config config(String yaml) {
    return Samples.config(Samples.write(yaml, folder));
  }

  private static ServerConfig server(Config config, String name) {
    return Objects.requireNonNull(config.servers().get(name));
  }

  private static GrantConfig.TokenExchange exchange(Config config, String name) {
    return (GrantConfig.TokenExchange) server(config, name).grant();
  }
}
