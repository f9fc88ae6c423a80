package dev.valetkey.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * One event as one JSON object: time, level, logger, message, the call's own keys, and the stack
 * trace as {@code error}.
 */
final class JsonLogLine implements LogAppender.LogLine {
  private static final Set<String> OURS =
      Set.of("time", "level", "logger", "thread", "message", "error");
  private static final int LONGEST_TEXT = 8 * 1024;
  private static final int LONGEST_TRACE = 32 * 1024;

  private final InstantSource clock;

  JsonLogLine(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public byte[] toBytes(ILoggingEvent event) {
    JsonLines line =
        new JsonLines()
            .begin()
            .time("time", event.getTimeStamp())
            .field("level", event.getLevel().toString())
            .field("logger", event.getLoggerName())
            .field("message", shown(event.getFormattedMessage(), LONGEST_TEXT));
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      pairs.forEach(pair -> add(line, pair));
    }
    line.field("error", shown(trace(event), LONGEST_TRACE)).end();
    return line.toBytes();
  }

  @Override
  public byte[] dropped(long count) {
    JsonLines line = new JsonLines();
    line.begin()
        .time("time", clock.millis())
        .field("level", "WARN")
        .field("logger", Log.class.getName())
        .field("message", "log lines were lost because standard error was blocked")
        .field("count", count)
        .end();
    return line.toBytes();
  }

  private static void add(JsonLines line, KeyValuePair pair) {
    // A key that is one of ours would stand in the object twice.
    String key = OURS.contains(pair.key) ? pair.key + "_" : pair.key;
    switch (pair.value) {
      case null -> {}
      case Long number -> line.field(key, number);
      case Integer number -> line.field(key, number);
      case Boolean truth -> line.field(key, truth);
      default -> line.field(key, shown(String.valueOf(pair.value), LONGEST_TEXT));
    }
  }

  /** The stack trace with its causes; null without one. */
  static @Nullable String trace(ILoggingEvent event) {
    IThrowableProxy thrown = event.getThrowableProxy();
    return thrown == null ? null : ThrowableProxyUtil.asString(thrown);
  }

  private static @Nullable String shown(@Nullable String text, int longest) {
    if (text == null) {
      return null;
    }
    // Shown after it is cut: the patterns need no more time for a huge text than for a long one.
    return Redaction.of(text.length() <= longest ? text : text.substring(0, longest) + "…");
  }
}
