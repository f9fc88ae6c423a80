package dev.valetkey.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects problems and warnings of one file and knows on which line a key stands. For one thread.
 */
final class Findings {

  private final Path file;
  private final Map<String, Integer> lines = new HashMap<>();
  private final List<Problem> problems = new ArrayList<>();
  private final List<Warning> warnings = new ArrayList<>();

  Findings(Path file) {
    this.file = file;
  }

  /** Remembers where the key at {@code path} stands. */
  void locate(String path, int line) {
    lines.putIfAbsent(path, line);
  }

  /**
   * A problem at a key, or, if the file does not have the key, at the section that should have it.
   */
  void problem(String path, String message) {
    problems.add(new Problem(file, lineOf(path), path, message));
  }

  /** A problem at a line of its own. */
  void problem(int line, String path, String message) {
    problems.add(new Problem(file, line, path, message));
  }

  void warning(String path, String message) {
    warnings.add(new Warning(file, lineOf(path), path, message));
  }

  /** Sorted by line; problems of one line in the order in which they were found. */
  List<Problem> problems() {
    return problems.stream().sorted(Comparator.comparingInt(Problem::line)).toList();
  }

  /** Sorted by line. */
  List<Warning> warnings() {
    return warnings.stream().sorted(Comparator.comparingInt(Warning::line)).toList();
  }

  private int lineOf(String path) {
    String known = path;
    while (!lines.containsKey(known) && !known.isEmpty()) {
      known =
          known.substring(0, Math.max(0, Math.max(known.lastIndexOf('.'), known.lastIndexOf('['))));
    }
    return lines.getOrDefault(known, 1);
  }
}
