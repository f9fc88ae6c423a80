package dev.valetkey.oauth;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the challenges of one {@code WWW-Authenticate} value (RFC 9110 §11.6.1). What is broken is
 * skipped: one missing comma or stray character costs no more than it must, and nothing throws.
 * Used once; time grows with the length alone.
 */
final class ChallengeReader {
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]++");

  /** RFC 9110 §11.2. It ends its challenge; {@code a=b} goes on behind the equals sign. */
  private static final Pattern TOKEN68 = Pattern.compile("[A-Za-z0-9._~+/-]++=*+(?=[ \\t]*+(,|$))");

  private static final Pattern BLANKS = Pattern.compile("[ \\t]*+");

  private final String text;
  private final List<Scheme> schemes = new ArrayList<>();
  private int at;

  /**
   * One challenge.
   *
   * @param parameters all values of each, by names in lower case
   */
  record Scheme(String name, Map<String, List<String>> parameters) {

    /** The parameter's value; empty also if there are several, for which one counts is unsaid. */
    Optional<String> only(String parameter) {
      List<String> values = parameters.getOrDefault(parameter, List.of());
      return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }
  }

  private ChallengeReader(String text) {
    this.text = text;
  }

  /** All challenges in order. */
  static List<Scheme> read(String headerValue) {
    ChallengeReader reader = new ChallengeReader(headerValue);
    reader.read();
    return reader.schemes;
  }

  private void read() {
    while (at < text.length()) {
      Optional<String> word = take(TOKEN);
      if (word.isEmpty()) {
        skipOther();
        continue;
      }
      int wordEnd = at;
      take(BLANKS);
      if (next('=')) {
        parameter(word.get());
      } else if (at > wordEnd || at == text.length() || next(',')) {
        schemes.add(new Scheme(word.get(), new LinkedHashMap<>()));
        take(TOKEN68);
      }
    }
  }

  /** RFC 9110 §11.2: blanks around the equals sign are bad and must be read. */
  private void parameter(String name) {
    at++;
    take(BLANKS);
    String value = next('"') ? quoted() : take(TOKEN).orElse(null);
    if (value != null && !schemes.isEmpty()) {
      schemes
          .getLast()
          .parameters()
          .computeIfAbsent(name.toLowerCase(Locale.ROOT), n -> new ArrayList<>())
          .add(value);
    }
  }

  /** What stands between the quotes; null if they never end. */
  private @Nullable String quoted() {
    StringBuilder value = new StringBuilder();
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '"') {
        at++;
        return value.toString();
      }
      if (c == '\\' && at + 1 < text.length()) {
        c = text.charAt(++at);
      }
      value.append(c);
    }
    return null;
  }

  /** Commas and blanks, and what should not be there; words inside quotes are no parameters. */
  private void skipOther() {
    if (next('"')) {
      quoted();
    } else {
      at++;
    }
  }

  private boolean next(char c) {
    return at < text.length() && text.charAt(at) == c;
  }

  private Optional<String> take(Pattern pattern) {
    Matcher matcher = pattern.matcher(text).region(at, text.length());
    if (!matcher.lookingAt()) {
      return Optional.empty();
    }
    at = matcher.end();
    return Optional.of(matcher.group());
  }
}
