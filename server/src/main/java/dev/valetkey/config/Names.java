package dev.valetkey.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Spelling: how Java names are written in the file, and what somebody may have meant. */
final class Names {

  /** Names of issuers and servers: they appear in Envoy's configuration, in metrics and in logs. */
  static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");

  private static final Pattern HUMP = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");
  private static final int LONGEST_SHOWN = 80;

  private Names() {}

  /**
   * {@code clientSecretFile} and {@code ClientSecretFile} are written {@code client_secret_file}.
   */
  static String snakeCase(String camelCase) {
    return HUMP.matcher(camelCase).replaceAll("_").toLowerCase(Locale.ROOT);
  }

  /** Path of a key inside a section; the whole file is the empty path. */
  static String join(String path, String key) {
    return path.isEmpty() ? shown(key) : path + "." + shown(key);
  }

  /** {@code " (did you mean 'corp'?)"}, or all the known names, or nothing if there are none. */
  static String hint(String word, Collection<String> known) {
    return closest(word, known)
        .map(name -> " (did you mean '" + name + "'?)")
        .orElse(known.isEmpty() ? "" : " (known: " + String.join(", ", known) + ")");
  }

  /**
   * The known name that takes the fewest changes of a letter, at most two and fewer than it has
   * letters.
   */
  static Optional<String> closest(String word, Collection<String> known) {
    if (word.length() > LONGEST_SHOWN) {
      return Optional.empty();
    }
    return known.stream()
        .filter(name -> distance(word, name) <= Math.min(2, name.length() - 1))
        .min(Comparator.comparingInt(name -> distance(word, name)));
  }

  /** Text of the file inside a message: on one line, and not too long. */
  static String shown(String text) {
    String line = text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN) + "…" : text;
    return line.codePoints()
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
