package dev.valetkey.telemetry;

import java.util.regex.Pattern;

/**
 * The last net before a line is written: takes out what looks like a credential. Nobody logs one on
 * purpose, but a library's exception may quote what it was given.
 */
final class Redaction {
  private static final String HIDDEN = "***";
  private static final Pattern SCHEME =
      Pattern.compile("(?i)\\b(bearer|basic|dpop)\\s+[^\\s\"',;]{8,}");
  private static final Pattern JWT =
      Pattern.compile("\\beyJ[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)*");
  private static final Pattern PARAMETER =
      Pattern.compile("(?i)(token|secret|assertion|password)(=|\":\\s*\")[^&\\s\"]+");

  private Redaction() {}

  static String of(String text) {
    String shown = SCHEME.matcher(text).replaceAll("$1 " + HIDDEN);
    shown = JWT.matcher(shown).replaceAll(HIDDEN);
    return PARAMETER.matcher(shown).replaceAll("$1$2" + HIDDEN);
  }
}
