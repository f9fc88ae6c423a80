package dev.valetkey.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/**
 * One event as a line for a person: time, level, last part of the logger's name, message, {@code
 * key=value}s.
 */
final class TextLogLine implements LogAppender.LogLine {
  @Override
  public byte[] toBytes(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    String level = event.getLevel().toString();
    String logger = event.getLoggerName();
    line.append(Rfc3339.format(event.getTimeStamp()))
        .append(' ')
        .append(level)
        .repeat(' ', Math.max(1, 6 - level.length()))
        .append(logger.substring(logger.lastIndexOf('.') + 1))
        .append(": ");
    escaped(line, event.getFormattedMessage(), false);
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        line.append(' ').append(pair.key).append('=');
        escaped(line, String.valueOf(pair.value), false);
      }
    }
    line.append('\n');
    String trace = JsonLogLine.trace(event);
    if (trace != null) {
      escaped(line, trace, true);
    }
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] dropped(long count) {
    return ("(" + count + " log lines were lost because standard error was blocked)\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  // A message can carry what a stranger wrote; a terminal obeys control characters.
  private static void escaped(StringBuilder line, String raw, boolean trace) {
    String text = Redaction.of(raw);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean layout = trace && (c == '\n' || c == '\t');
      if (Character.isISOControl(c) && !layout) {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
  }
}
