package dev.valetkey.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input 120 to 130: mistakes and attacks in the configuration file, by number. */
class HardeningConfigTest {

  @TempDir private Path temp;

  // BO-CONFIG, R-CL-6, TM-OPERATOR
  @ParameterizedTest(name = "{0}")
  @MethodSource("inputs")
  void isAProblemWithItsPlaceAndItsRemedy(String number, String text, List<String> expected) {
    List<String> problems = new ConfigFolder(temp).problems(text);

    assertThat(problems).isEqualTo(expected);
  }

  static Stream<Arguments> inputs() {
    return Stream.of(
        input(
            "120 unknown key",
            ConfigFolder.SMALLEST + "    early_expire: 5s\n",
            "valetkey.yaml:13: servers.weather.early_expire: unknown key (did you mean 'early_expiry'?)"),
        input(
            "121 duplicate key",
            ConfigFolder.SMALLEST + "    url: https://other.example/mcp\n",
            "valetkey.yaml:13: servers.weather.url: duplicate key (the first is on line 11)"),
        input(
            "121 duplicate server",
            ConfigFolder.SMALLEST + "  github: {url: \"https://evil.example\", grant: none}\n",
            "valetkey.yaml:13: servers.github: duplicate key (the first is on line 7)"),
        input(
            "122 alias bomb",
            """
            a: &a [x, x, x, x, x, x, x, x, x]
            b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
            c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
            d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
            e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
            f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
            g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]
            """,
            "valetkey.yaml: more than 50 aliases"),
        input(
            "122 alias of itself",
            ConfigFolder.SMALLEST + "    aliases: &a [*a]\n",
            "valetkey.yaml:13: servers.weather.aliases[0]: must be a URL, not a list"),
        input(
            "123 tag on a value",
            ConfigFolder.SMALLEST + "unlisted_hosts: !!java.lang.ProcessBuilder refuse\n",
            "valetkey.yaml:13: unlisted_hosts: tags are not supported (tag:yaml.org,2002:java.lang.ProcessBuilder)"),
        input(
            "123 tag on a section",
            ConfigFolder.SMALLEST + "cache: !!javax.script.ScriptEngineManager {max_entries: 1}\n",
            "valetkey.yaml:13: cache: tags are not supported (tag:yaml.org,2002:javax.script.ScriptEngineManager)"),
        input(
            "123 tag on a list",
            ConfigFolder.SMALLEST + "listen: {allowed_uids: !x [1]}\n",
            "valetkey.yaml:13: listen.allowed_uids: tags are not supported (!x)"),
        input(
            "124 no is not false",
            ConfigFolder.SMALLEST + "    allow_http: no\n",
            "valetkey.yaml:13: servers.weather.allow_http: must be true or false (was no)"),
        input(
            "125 tab",
            ConfigFolder.SMALLEST + "\tallow_http: true\n",
            "valetkey.yaml:13: not YAML: found character '\\t(TAB)' that cannot start any token"),
        input(
            "126 overlapping routes",
            ConfigFolder.SMALLEST
                + "  twin: {url: \"https://Weather.example:443/mcp/\", grant: none}\n",
            "valetkey.yaml:13: servers.twin.url: servers.weather and servers.twin have the same host and path"
                + " (https://weather.example/mcp, https://weather.example/mcp)"),
        input(
            "128 timeout beyond Envoy's",
            ConfigFolder.SMALLEST.replace("servers:", "    timeout: 61s\nservers:"),
            "valetkey.yaml:6: issuers.corp.timeout: must be between 100ms and 60s (was 61s)"),
        input(
            "129 plain http",
            ConfigFolder.SMALLEST.replace("https://idp", "http://idp"),
            "valetkey.yaml:3: issuers.corp.issuer: must be https (was http://idp.example.com/realms/corp); allow_http: true"
                + " if this is a test or the network is protected otherwise"),
        input(
            "130 client secret inline",
            ConfigFolder.SMALLEST.replace(
                "client_secret_file: secrets/corp", "client_secret: CANARY-inline"),
            "valetkey.yaml:4: issuers.corp.client_id: needs client_secret_file, private_key_file, client_assertion_file or tls.cert_file;"
                + " token_endpoint_auth_method: none for a client without credentials",
            "valetkey.yaml:5: issuers.corp.client_secret: a secret is never written here: put it into a file and name the"
                + " file with client_secret_file"),
        input(
            "130 token inline",
            ConfigFolder.SMALLEST.replace(
                "grant: none", "grant: {type: static, token: CANARY-inline}"),
            "valetkey.yaml:12: servers.weather.grant.token: a secret is never written here: put it into a file and name the"
                + " file with token_file"),
        input(
            "130 secret where its file belongs",
            ConfigFolder.SMALLEST.replace("secrets/corp", "CANARY-inline"),
            "valetkey.yaml:5: issuers.corp.client_secret_file: no such file (relative paths begin at <folder>)"));
  }

  /** 124: YAML 1.2 knows no other words for true and false than these two. */
  @Test
  void noIsAText() {
    Config config =
        new ConfigFolder(temp).load(ConfigFolder.SMALLEST.replace("travel-agent", "no"));

    assertThat(Objects.requireNonNull(config.issuers().get("corp")).clientId()).isEqualTo("no");
  }

  /** 127: a margin longer than the life of tokens is clamped when a token comes. */
  // BO-BUFFER
  @Test
  void aLongMarginIsNoError() {
    Config config = new ConfigFolder(temp).load(ConfigFolder.SMALLEST + "    early_expiry: 1h\n");

    assertThat(Objects.requireNonNull(config.servers().get("weather")).earlyExpiry())
        .isEqualTo(Duration.ofHours(1));
  }

  private static Arguments input(String number, String text, String... expected) {
    return Arguments.of(number, text, List.of(expected));
  }
}
