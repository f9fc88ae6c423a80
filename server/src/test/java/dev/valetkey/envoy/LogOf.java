package dev.valetkey.envoy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * What one class, or everybody, writes to the log meanwhile: each line's message, then its keys and
 * values, then the exception's text.
 */
final class LogOf implements AutoCloseable {
  private final Logger logger;
  private final ListAppender<ILoggingEvent> events = new ListAppender<>();

  LogOf(Class<?> type) {
    this(type.getName());
  }

  private LogOf(String name) {
    this.logger = (Logger) LoggerFactory.getLogger(name);
    events.start();
    logger.addAppender(events);
  }

  static LogOf everybody() {
    return new LogOf(Logger.ROOT_LOGGER_NAME);
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
                .collect(Collectors.joining()))
        + (event.getThrowableProxy() == null
            ? ""
            : " " + ThrowableProxyUtil.asString(event.getThrowableProxy()));
  }

  @Override
  public void close() {
    logger.detachAppender(events);
  }
}
