package dev.valetkey.testkit.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the demo prints: chapters, and under them lines that are each a check. Colours only on a
 * terminal. Used by one thread.
 */
final class Page {
  private static final String BOLD = "\u001b[1m";
  private static final String DIM = "\u001b[2m";
  private static final String GREEN = "\u001b[32m";
  private static final String RED = "\u001b[31m";
  private static final String PLAIN = "\u001b[0m";

  private final PrintStream out;
  private final boolean colours;
  private final StringBuilder printed = new StringBuilder();
  private int chapters;
  private int checks;
  private int failures;

  Page(PrintStream out, boolean colours) {
    this.out = out;
    this.colours = colours;
  }

  /** The first line of all. */
  void title(String text) {
    line(BOLD, text);
  }

  /** A line that claims nothing. */
  void note(String text) {
    line(DIM, text);
  }

  /** A command to be tried by hand. */
  void command(String text) {
    say("   $ " + text);
  }

  /** Begins the next numbered part. */
  void chapter(String text) {
    line("", "");
    line(BOLD, ++chapters + "  " + text);
  }

  /** A line that must be true; {@code expectation} is printed when it is not. */
  void check(boolean holds, String text, String expectation) {
    checks++;
    if (holds) {
      say("   " + coloured(GREEN, "✓") + " " + text);
    } else {
      failures++;
      say("   " + coloured(RED, "✗") + " " + text);
      say(coloured(RED, "     expected: " + expectation));
    }
  }

  /** A name and a value, which must be the expected one. */
  void same(String name, String expected, String actual) {
    check(expected.equals(actual), padded(name, 20) + " " + actual, expected);
  }

  /** Tokens below each other, claim by claim; each line is a check. */
  void table(List<Row> rows) {
    int label = rows.stream().mapToInt(row -> row.label().length()).max().orElse(0);
    List<Integer> widths =
        IntStream.range(0, Claims.NAMES.size()).mapToObj(column -> width(rows, column)).toList();
    line(DIM, "     " + padded("", label) + cells(Claims.NAMES, widths));
    for (Row row : rows) {
      check(
          row.expected().equals(row.actual()),
          padded(row.label(), label) + cells(row.actual().values(), widths),
          cells(row.expected().values(), widths).strip());
    }
  }

  /**
   * One line of a table.
   *
   * @param label whose token it is, or who saw it
   */
  record Row(String label, Claims expected, Claims actual) {}

  /** The last line: how many checks there were, and whether all held. */
  void end(String duration) {
    line("", "");
    if (failures == 0) {
      line(GREEN, "All " + checks + " checks hold, " + duration + ".");
    } else {
      line(RED, failures + " of " + checks + " checks failed, " + duration + ".");
    }
  }

  boolean allTrue() {
    return failures == 0 && checks > 0;
  }

  /** Everything printed so far, without colours, to be searched for secrets. */
  String printed() {
    return printed.toString();
  }

  private void line(String colour, String text) {
    say(colour.isEmpty() || text.isEmpty() ? text : coloured(colour, text));
  }

  private void say(String text) {
    out.println(text);
    printed.append(text).append('\n');
  }

  private String coloured(String colour, String text) {
    return colours ? colour + text + PLAIN : text;
  }

  private static int width(List<Row> rows, int column) {
    return rows.stream()
        .mapToInt(row -> row.actual().values().get(column).length())
        .reduce(Claims.NAMES.get(column).length(), Math::max);
  }

  private static String cells(List<String> values, List<Integer> widths) {
    StringBuilder cells = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      cells.append("  ").append(padded(values.get(i), widths.get(i)));
    }
    return cells.toString().stripTrailing();
  }

  private static String padded(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
