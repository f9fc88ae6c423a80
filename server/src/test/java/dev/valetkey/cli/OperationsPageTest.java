package dev.valetkey.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.valetkey.call.Reason;
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
import org.junit.jupiter.api.io.TempDir;

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
  void explanationIsTheProgramsOwn(@TempDir Path folder) throws IOException {
    Run run =
        Run.of(
            Program.wiring(),
            "",
            "explain",
            Samples.copy("smallest", folder).toString(),
            "https://mcp.github.example/mcp");

    assertThat(page()).contains("```\n" + run.out() + "```\n");
  }

  @Test
  void everyCommandExistsWithItsOptions() throws IOException {
    List<MatchResult> commands = matches("(?m)(?:^bin/|`)valetkey ([a-z]+)([^`#\\n]*)");

    assertThat(commands).hasSizeGreaterThan(5);
    for (MatchResult command : commands) {
      Run help = Run.of(Program.wiring(), "", command.group(1), "--help");
      assertThat(help.out()).startsWith("Usage: valetkey " + command.group(1) + " ");
      assertThat(command.group(2).split(" "))
          .filteredOn(word -> word.startsWith("--"))
          .allSatisfy(option -> assertThat(help.out()).contains(option));
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
