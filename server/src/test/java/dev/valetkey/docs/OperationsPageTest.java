package dev.valetkey.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.valetkey.call.Reason;
import dev.valetkey.cli.Cli;
import dev.valetkey.cli.Program;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/operations.md tells to watch and to type exists in the program. */
class OperationsPageTest {
  private static final Path DOCS = Repository.root().resolve("docs");

  private final Metrics metrics = new Metrics();

  @Test
  void everyMetricExistsWithItsLabels() throws IOException {
    metrics.server("github").hit();
    metrics.refused("unlisted_host");
    metrics.issuerCall("corp", "ok", Duration.ZERO);
    List<String> samples = metrics.scrape().lines().filter(line -> !line.startsWith("#")).toList();

    List<MatchResult> used = matches("\\b(valetkey_\\w+)(?:\\{(\\w+)=)?");

    assertThat(used).hasSizeGreaterThan(10);
    for (MatchResult use : used) {
      String label = use.group(2);
      assertThat(samples)
          .as(use.group())
          .anyMatch(sample ->
              label == null
                  ? sample.matches(use.group(1) + "[{ ].*")
                  : sample.matches(use.group(1) + "\\{.*\\b" + label + "=.*"));
    }
  }

  @Test
  void everyReasonThatIsAskedForExists() throws IOException {
    List<MatchResult> asked = matches("reason=~?\"([^\"]+)\"");

    assertThat(asked)
        .hasSizeGreaterThan(4)
        .allSatisfy(one ->
            assertThat(one.group(1).split("\\|"))
                .allSatisfy(code -> assertThat(reason(code).code()).isEqualTo(code)));
  }

  @Test
  void failuresAreRefusedAsThePageSays() throws IOException {
    List<MatchResult> rows = matches("(?m)^\\| [^|]+ \\| (\\d{3}) \\| `(\\w+)` \\|");

    assertThat(rows)
        .hasSizeGreaterThan(8)
        .allSatisfy(row ->
            assertThat(entry(row.group(2), reason(row.group(2)).status()))
                .isEqualTo(entry(row.group(2), Integer.parseInt(row.group(1)))));
  }

  @Test
  void explanationIsWordedAsTheReason() throws IOException {
    Reason shown = Reason.NO_USER_TOKEN;

    assertThat(page())
        .contains(
            "decision  refuse, " + shown.status() + " " + shown.code() + ": " + shown.message());
  }

  @Test
  void everyCommandExists() throws IOException {
    List<MatchResult> commands = matches("(?m)(?:^bin/|`)valetkey ([a-z]+)((?: --[a-z-]+)*)");

    assertThat(commands).hasSizeGreaterThan(5);
    for (MatchResult command : commands) {
      assertThat(new Cli(Program.wiring()).run(command.group(1), "--help"))
          .as(command.group())
          .isZero();
    }
  }

  @Test
  void numbersAreThoseOfTheLastMeasurement() throws IOException {
    String bench = Files.readString(Repository.root().resolve("bench/README.md"));

    assertThat(bench)
        .contains("| RSS, MiB | 101 |", "| **RSS, MiB** | 135 ", "| bytes per entry | 720 ")
        .contains("| bytes per session | 1670 ", "| 11.8 |", "| 1351 |", "| 830 |");
    assertThat(page())
        .contains("101 MiB", "135 MiB", "720 B", "1.7 kB", "12 µs", "1.4 ms", "0.8 s");
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    assertThat(matches("\\]\\(([^)#:]+)\\)"))
        .isNotEmpty()
        .allSatisfy(link -> assertThat(DOCS.resolve(link.group(1))).exists());
  }

  private static Reason reason(String code) {
    return Reason.valueOf(code.toUpperCase(Locale.ROOT));
  }

  private static List<MatchResult> matches(String pattern) throws IOException {
    return Pattern.compile(pattern).matcher(page()).results().toList();
  }

  private static String page() throws IOException {
    return Files.readString(DOCS.resolve("operations.md"));
  }
}
