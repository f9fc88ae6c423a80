package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.valetkey.admin.Explanation;
import dev.valetkey.config.ConfigReader;
import dev.valetkey.testkit.Repository;
import dev.valetkey.token.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CliTest {
  private static final Explanation FORWARDED =
      new Explanation(
          List.of(
              new Explanation.Line("call", "github"), new Explanation.Line("decision", "forward")),
          true,
          "",
          0);
  private static final Explanation REFUSED =
      new Explanation(
          List.of(new Explanation.Line("decision", "refuse")), false, "no_user_token", 401);

  @TempDir Path folder;

  private final List<Explanation.Question> questions = new ArrayList<>();
  private final List<Path> served = new ArrayList<>();
  private List<OnlineCheck.Finding> findings = List.of();
  private Explanation explanation = FORWARDED;

  private final Wiring wiring =
      new Wiring(
          ConfigReader::read,
          () -> "{}\n",
          file -> {
            served.add(file);
            return 1;
          },
          config -> findings,
          (config, question) -> {
            questions.add(question);
            return explanation;
          });

  @ParameterizedTest
  @MethodSource("dev.valetkey.cli.Samples#names")
  void checkSaysWhatTheFileMeans(String sample) {
    Run run = run("check", Samples.copy(sample, folder).toString());

    assertThat(run.status()).isZero();
    Samples.assertGolden(
        Repository.root()
            .resolve("server/src/test/resources/dev/valetkey/cli/check-" + sample + ".txt"),
        run.out().replace(folder.toString(), Samples.HOME));
  }

  /** Presets of a profile are keys like others: what they come to stands in the output. */
  @Test
  void checkShowsWhatTheProfilesMean() {
    Path file =
        Samples.write(
            """
            issuers:
              entra:
                issuer: https://login.microsoftonline.com/72f988bf/v2.0
                profile: entra
                client_id: travel-agent
                client_secret_file: secrets/corp
              okta:
                issuer: https://example.okta.com
                profile: okta_xaa
                client_assertion_file: secrets/partner
                client_assertion_type: jwt_spiffe
              google: {issuer: "https://sts.googleapis.com", profile: google_sts}
            grants:
              own: {type: client_credentials, issuer: entra, scope: "api://x/.default"}
              first: {issuer: entra, audience: "https://sts.googleapis.com"}
            users:
              - {issuer: entra}
              - {issuer: okta, audience: travel-agent}
            servers:
              obo:
                url: https://obo.example/mcp
                grant: {type: jwt_bearer, issuer: entra, scope: "api://x/.default"}
                expect: {audience: 3333}
              xaa:
                url: https://xaa.example/mcp
                grant: {type: id_jag, identity_issuer: okta, issuer: entra}
              vault:
                url: https://vault.example/mcp
                grant: {type: brokered_token, issuer: okta, resource: "orn:okta:x"}
              stored:
                url: https://stored.example/mcp
                grant: {type: brokered_token, issuer: okta, endpoint: https://example.okta.com/stored}
              chained:
                url: https://chained.example/mcp
                grant: {issuer: google, audience: //iam.googleapis.com/x, subject_token_from: first, actor_token_from: own}
              broker:
                url: https://broker.example/mcp
                grant: {type: token_broker, url: https://token-broker.example, max_wait: 90s}
                expect: {audience: broker-mcp}
            """
                .replace("audience: 3333", "audience: \"3333\""),
            folder);

    Run run = run("check", file.toString());

    assertThat(run.err()).isEmpty();
    Samples.assertGolden(
        Repository.root().resolve("server/src/test/resources/dev/valetkey/cli/check-profiles.txt"),
        run.out().replace(folder.toString(), Samples.HOME));
  }

  /** What surrounds the agent: who calls from elsewhere, the inbound side, opened TLS. */
  @Test
  void checkShowsWhatSurroundsTheAgent() {
    Path file =
        Samples.write(
            """
            listen:
              address: 0.0.0.0:9001
              tls:
                cert_file: ca.pem
                key_file: secrets/corp
                client_ca_file: ca.pem
                client_names: [spiffe://cluster.local/ns/istio-system/sa/egress]
            issuers:
              corp: {issuer: "https://idp.example.com", client_id: a, client_secret_file: secrets/corp}
            inbound: {user_token: handle, handle_servers: github}
            user_token: {from: [handle, trace, workload], guard: [proxy_authorization, cookie, query]}
            intercept: {trust_dir: /run/valetkey-trust, system_bundle: ca.pem}
            servers:
              github: {url: "https://mcp.github.example/mcp", grant: {audience: github-mcp}}
              jira: {url: "https://jira.example/mcp", grant: {audience: jira-mcp}}
            """,
            folder);

    Run run = run("check", file.toString());

    assertThat(run.err()).isEmpty();
    Samples.assertGolden(
        Repository.root().resolve("server/src/test/resources/dev/valetkey/cli/check-pod.txt"),
        run.out().replace(folder.toString(), Samples.HOME));
  }

  /** The user token given stands for what a handle or a trace would lead to. */
  // AB11
  @Test
  void explainTakesTheUserTokenForWhatAHandleLeadsTo() {
    Path file =
        Samples.write(
            """
            issuers:
              corp: {issuer: "https://idp.example.com", client_id: a, client_secret_file: secrets/corp}
            inbound: {user_token: handle, handle_servers: github}
            servers:
              github: {url: "https://mcp.github.example/mcp", grant: {audience: github-mcp}}
            """,
            folder);
    String token =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ."
            + Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(
                    "{\"iss\":\"https://idp.example.com\",\"sub\":\"alice\",\"aud\":\"a\",\"exp\":4070908800}"
                        .getBytes(StandardCharsets.UTF_8))
            + ".c2lnbmF0dXJl";

    Run run =
        Run.of(
            Program.wiring(), token, "explain", file.toString(), "https://mcp.github.example/mcp");
    Run without =
        Run.of(Program.wiring(), "", "explain", file.toString(), "https://mcp.github.example/mcp");

    assertThat(run.out())
        .contains("sub alice", "told by a handle", "forward with a token for github");
    assertThat(without.out()).contains("refuse, 401 no_user_token");
  }

  @Test
  void checkWarnsOnStandardError() {
    Path file = Samples.copy("full", folder);

    Run run = run("check", file.toString());

    assertThat(run.err())
        .startsWith(file + ":39: servers.weather.url: plain http ")
        .hasLineCount(1);
  }

  @Test
  void everyProblemIsALineOnStandardErrorAndTheStatusIs2() {
    Path file =
        Samples.write(
            """
            servers:
              jira: {url: http://jira.example/mcp, grant: none}
              wiki: {url: https://wiki.example/mcp, grant: none, grants: none}
            """,
            folder);

    for (String command : List.of("check", "envoy", "nft")) {
      Run run = run(command, file.toString());

      assertThat(run.status()).isEqualTo(2);
      assertThat(run.out()).isEmpty();
      assertThat(run.err().lines())
          .satisfiesExactly(
              line -> assertThat(line).startsWith(file + ":2: servers.jira.url: must be https "),
              line -> assertThat(line).startsWith(file + ":3: servers.wiki.grants: unknown key "),
              line -> assertThat(line).isEqualTo("2 problems"));
    }
  }

  @Test
  void checkForMachinesHasTheSameContent() {
    JsonObject good = json(run("check", "--json", Samples.copy("smallest", folder).toString()));
    JsonObject bad = json(run("check", "--json", folder.resolve("absent.yaml").toString()));

    assertThat(good.keySet())
        .containsExactly("good", "warnings", "issuers", "users", "pod", "servers", "unlisted");
    assertThat(good.getAsJsonArray("servers").get(0).getAsJsonObject().asMap())
        .containsOnlyKeys("name", "where", "who", "how", "target", "expect");
    assertThat(bad)
        .hasToString(
            "{\"good\":false,\"problems\":[\""
                + folder.resolve("absent.yaml")
                + ": no such file\"]}");
  }

  @Test
  void onlineCheckFailsWhenAnIssuerDoes() {
    String file = Samples.copy("smallest", folder).toString();
    findings =
        List.of(
            new OnlineCheck.Finding("corp", "discovery", true, "RFC 8414"),
            new OnlineCheck.Finding("corp", "client authentication", false, "invalid_client"));

    Run run = run("check", "--online", file);

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .endsWith(
            "online\n  corp  discovery: RFC 8414\n  corp  client authentication: FAILED, invalid_client\n");
    assertThat(run("check", file).status()).isZero();
  }

  @Test
  void envoyPrintsTheBootstrapAndNothingElse() {
    Run run = run("envoy", "--layout", "gateway", Samples.copy("smallest", folder).toString());

    assertThat(run).isEqualTo(new Run(0, Samples.read(Samples.file("smallest", "envoy.yaml")), ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"capture/smallest", "intercept/smallest", "proxy/smallest", "gateway/inbound"})
  void envoyPrintsEveryLayout(String sample) {
    String layout = sample.substring(0, sample.indexOf('/'));

    Run run = run("envoy", "--layout", layout, Samples.copy(sample, folder).toString());

    assertThat(run.status()).isZero();
    assertThat(run.out()).isEqualTo(Samples.read(Samples.file(sample, "envoy.yaml")));
  }

  @Test
  void envoyRefusesToPrintInterceptionThatIsNotConfigured() {
    String file = Samples.copy("capture/smallest", folder).toString();

    Run run = run("envoy", "--layout", "intercept", file);

    assertThat(run)
        .isEqualTo(
            new Run(2, "", "the layout intercept needs a section intercept in " + file + "\n"));
  }

  @Test
  void nftPrintsTheRulesetAndNothingElse() {
    Run run = run("nft", Samples.copy("capture/smallest", folder).toString());

    assertThat(run)
        .isEqualTo(new Run(0, Samples.read(Samples.file("capture/smallest", "ruleset.nft")), ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer CANARY-token\n", "CANARY-token", " bearer  CANARY-token "})
  void explainTakesTheUserTokenFromStandardInput(String in) {
    Run run =
        Run.of(
            wiring,
            in,
            "explain",
            "--method",
            "get",
            "--header",
            "Accept: text/event-stream",
            Samples.copy("smallest", folder).toString(),
            "https://mcp.github.example/mcp");

    assertThat(run).isEqualTo(new Run(0, "call      github\ndecision  forward\n", ""));
    assertThat(questions)
        .containsExactly(
            new Explanation.Question(
                "GET",
                "https://mcp.github.example/mcp",
                Secret.of("CANARY-token"),
                Map.of("accept", "text/event-stream")));
  }

  @Test
  void explainTakesTheUserTokenFromAFile() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "CANARY-file\n");

    Run run = explain("--token-file", token.toString());

    assertThat(run.status()).isZero();
    assertThat(questions)
        .extracting(Explanation.Question::userToken)
        .containsExactly(Secret.of("CANARY-file"));
  }

  @Test
  void explainWithoutUserTokenAsksWithoutOne() {
    Run run = explain();

    assertThat(run.status()).isZero();
    assertThat(questions)
        .extracting(Explanation.Question::userToken)
        .containsOnlyNulls()
        .hasSize(1);
  }

  @Test
  void explainForMachinesTellsTheReason() {
    explanation = REFUSED;

    Run run = explain("--json");

    assertThat(json(run))
        .hasToString(
            "{\"decision\":\"refuse\",\"reason\":\"no_user_token\",\"http_status\":401,\"lines\":{\"decision\":\"refuse\"}}");
    assertThat(run.status()).isZero();
  }

  @Test
  void explainWithUnreadableTokenIsBadUse() {
    assertThat(explain("--token-file", folder.resolve("absent").toString()).status()).isEqualTo(2);
    assertThat(Run.of(wiring, "x".repeat(70_000), "explain", "-h").status()).isZero();
    assertThat(
            Run.of(
                    wiring,
                    "x".repeat(70_000),
                    "explain",
                    Samples.copy("smallest", folder).toString(),
                    "https://a/")
                .err())
        .isEqualTo("cannot read the user token: more than 65536 bytes\n");
  }

  @Test
  void schemaIsPrinted() {
    assertThat(run("schema")).isEqualTo(new Run(0, "{}\n", ""));
  }

  @Test
  void versionNamesTheProgram() {
    assertThat(run("version")).isEqualTo(new Run(0, "valetkey development\n", ""));
    assertThat(json(run("version", "--json")).keySet()).containsExactly("version", "java");
  }

  @Test
  void serveRunsTheFileOrTheDefault() {
    Cli cli = new Cli(wiring);

    assertThat(cli.run("serve", "a.yaml")).isEqualTo(1);
    assertThat(cli.run("serve")).isEqualTo(1);
    assertThat(run("serve", "--", "b.yaml").status()).isEqualTo(1);
    assertThat(served)
        .containsExactly(
            Path.of("a.yaml"), Path.of("/etc/valetkey/valetkey.yaml"), Path.of("b.yaml"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', A command is missing.",
    "chekc, 'Unmatched argument at index 0: ''chekc'''",
    "check, 'Missing required parameter: ''FILE'''",
    "envoy --layout ring x, 'Invalid value for option ''--layout'': expected one of [gateway, capture, intercept, proxy, istio_sidecar, istio-sidecar, istio_egress, istio-egress, envoy_gateway, envoy-gateway] (case-insensitive) but was ''ring'''",
    "explain https://a/, 'FILE and URL are needed, or --socket and URL.'",
    "explain --header x a b, 'A header is written ''NAME: VALUE''.'",
    "sessions --end xyz, an id has 8 to 64 digits of 0-9 and a-f",
    "version --jsno, 'Unknown option: ''--jsno'''"
  })
  void badUseIsStatus2WithOneSentence(String args, String message) {
    Run run = run(args.isEmpty() ? new String[0] : args.split(" "));

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith(message + "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "serve -h",
        "check -h",
        "envoy -h",
        "explain -h",
        "sessions -h",
        "schema -h",
        "version -h"
      })
  void helpIsOnStandardOutput(String args) {
    Run run = run(args.split(" "));

    assertThat(run.status()).isZero();
    assertThat(run.out()).startsWith("Usage: valetkey");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void bugsNeverShowWhatWasRead() {
    Wiring broken =
        new Wiring(
            file -> {
              throw new IllegalStateException("CANARY-content");
            },
            wiring.schema(),
            wiring.server(),
            wiring.online(),
            wiring.explainer());

    Run run = Run.of(broken, "", "check", "x");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err())
        .startsWith("internal error: java.lang.IllegalStateException at ")
        .doesNotContain("CANARY-");
  }

  private Run explain(String... options) {
    List<String> args = new ArrayList<>(List.of("explain"));
    args.addAll(List.of(options));
    args.add(Samples.copy("smallest", folder).toString());
    args.add("https://mcp.github.example/mcp");
    return run(args.toArray(String[]::new));
  }

  private Run run(String... args) {
    return Run.of(wiring, "", args);
  }

  private static JsonObject json(Run run) {
    return JsonParser.parseString(run.out()).getAsJsonObject();
  }
}
