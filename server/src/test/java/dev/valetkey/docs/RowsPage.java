package dev.valetkey.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page that says of each row of a table of requirements which tests show it. A test names its
 * rows in a comment directly above it: {@code // R-TX-1, R-TX-2}.
 */
final class RowsPage {
  /** Folders of test sources, from the repository's root. */
  private static final List<String> SOURCES =
      List.of("server/src/test/java", "testkit/src/test/java");

  private static final Pattern ROWS =
      Pattern.compile("^ {2}(?: {2})?// ([A-Z][A-Z0-9-]*(?:, [A-Z][A-Z0-9-]*)*)(?:[:.].*)?$");
  private static final Pattern METHOD = Pattern.compile("^\\s*(?:\\w+ )*void (\\w+)\\(");

  /** Lines between a comment and its method: annotations, and the tables in them. */
  private static final int NEAR = 100;

  private final Map<String, String> rows;
  private final Map<String, String> left;
  private final Map<String, List<String>> tests = new TreeMap<>();

  /**
   * @param rows what each row demands, in a few words, in order
   * @param left rows without a test, and why
   */
  RowsPage(Map<String, String> rows, Map<String, String> left) {
    this.rows = new LinkedHashMap<>(rows);
    this.left = Map.copyOf(left);
    SOURCES.forEach(folder -> scan(Repository.root().resolve(folder)));
  }

  /**
   * Every row has either a test or a reason, and the page says which.
   *
   * @param file from the repository's root
   * @param head what stands above the table
   */
  void assertHeld(String file, String head) throws IOException {
    assertHeld(file, head, "demands");
  }

  /**
   * The same for rows that fill several columns.
   *
   * @param columns titles of what a row demands, separated as in the table
   */
  void assertHeld(String file, String head, String columns) throws IOException {
    Path page = Repository.root().resolve(file);
    String text = head + table("| row | " + columns + " | shown by |");
    if (Boolean.getBoolean("valetkey.docs.write")) {
      Files.writeString(page, text);
    }

    assertThat(
            rows.keySet().stream().filter(row -> tests.containsKey(row) == left.containsKey(row)))
        .as("rows without a test and a reason, or with both")
        .isEmpty();
    assertThat(page).content().isEqualTo(text);
  }

  /** Markdown: a line for each row. */
  private String table(String titles) {
    StringBuilder text = new StringBuilder(titles);
    text.append('\n').append(titles.replaceAll("[^|]+", "---")).append('\n');
    rows.forEach((row, demand) ->
        text.append("| ")
            .append(row)
            .append(" | ")
            .append(demand)
            .append(" | ")
            .append(
                tests.containsKey(row)
                    ? String.join("<br>", tests.get(row))
                    : "**not built:** " + left.get(row))
            .append(" |\n"));
    return text.toString();
  }

  private void scan(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(this::read);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      String name = file.getFileName().toString().replace(".java", "");
      for (int i = 0; i < lines.size(); i++) {
        Matcher comment = ROWS.matcher(lines.get(i));
        if (comment.matches() && isRow(comment.group(1))) {
          String method = method(lines, i);
          for (String row : comment.group(1).split(", ")) {
            tests.computeIfAbsent(row, r -> new ArrayList<>()).add("`" + name + "." + method + "`");
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isRow(String names) {
    return Stream.of(names.split(", ")).anyMatch(rows::containsKey);
  }

  private static String method(List<String> lines, int from) {
    for (int i = from + 1; i < Math.min(lines.size(), from + NEAR); i++) {
      Matcher method = METHOD.matcher(lines.get(i));
      if (method.find()) {
        return method.group(1);
      }
    }
    throw new AssertionError("no test below: " + lines.get(from).strip());
  }
}
