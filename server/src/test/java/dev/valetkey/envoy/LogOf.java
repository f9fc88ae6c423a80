package dev.valetkey.envoy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/** What one class writes to the log meanwhile: each line's message, then its keys and values. */
final class LogOf implements AutoCloseable {
  private final Logger logger;
  private final ListAppender<ILoggingEvent> events = new ListAppender<>();

  LogOf(Class<?> type) {
    this.logger = (Logger) LoggerFactory.getLogger(type);
    events.start();
    logger.addAppender(events);
  }

  List<String> lines() {
    return List.copyOf(events.list).stream().map(LogOf::line).toList();
  }

  private static String line(ILoggingEvent event) {
    return event.getFormattedMessage()
        + (event.getKeyValuePairs() == null
            ? ""
            : event.getKeyValuePairs().stream()
                .map(pair -> " " + pair.key + "=" + pair.value)
                .collect(Collectors.joining()));
  }

  @Override
  public void close() {
    logger.detachAppender(events);
  }
}
