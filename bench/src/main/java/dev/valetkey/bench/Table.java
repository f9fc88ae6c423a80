package dev.valetkey.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A Markdown table that is printed row by row. */
final class Table {
  private final List<String> columns;
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... columns) {
    this.columns = List.of(columns);
  }

  Table row(String... cells) {
    rows.add(List.of(cells));
    return this;
  }

  void print(String title) {
    StringBuilder text = new StringBuilder("\n### " + title + "\n\n");
    line(text, columns);
    line(text, columns.stream().map(column -> "---").toList());
    rows.forEach(row -> line(text, row));
    System.out.print(text);
    System.out.flush();
  }

  /** A number with this many digits behind the point. */
  static String number(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** A number beside its bound: {@code 1.08 (≤ 1.25: yes)}. */
  static String held(double value, int digits, double bound) {
    return "%s (≤ %s: %s)"
        .formatted(
            number(value, digits),
            bound == Math.rint(bound) ? number(bound, 0) : number(bound, 2),
            value <= bound ? "yes" : "**no**");
  }

  private static void line(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
