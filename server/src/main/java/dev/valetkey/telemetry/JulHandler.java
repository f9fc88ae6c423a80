package dev.valetkey.telemetry;

import ch.qos.logback.classic.LoggerContext;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.slf4j.spi.LocationAwareLogger;

/**
 * Sends what libraries say by java.util.logging (grpc-java, the JDK) where everything else goes.
 */
final class JulHandler extends Handler {
  private final LoggerContext context;
  private final SimpleFormatter formatter = new SimpleFormatter();

  private JulHandler(LoggerContext context) {
    this.context = context;
  }

  /**
   * Becomes the only handler of java.util.logging, which is also kept at INFO: nothing below
   * reaches even us.
   */
  static void install(LoggerContext context) {
    Logger root = LogManager.getLogManager().getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.setLevel(Level.INFO);
    root.addHandler(new JulHandler(context));
  }

  @Override
  public void publish(LogRecord entry) {
    String name = entry.getLoggerName();
    context
        .getLogger(name == null || name.isEmpty() ? "jul" : name)
        .log(
            null,
            JulHandler.class.getName(),
            level(entry.getLevel()),
            message(entry),
            null,
            entry.getThrown());
  }

  private String message(LogRecord entry) {
    String message = formatter.formatMessage(entry);
    return message == null ? "" : message;
  }

  private static int level(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) {
      return LocationAwareLogger.ERROR_INT;
    }
    if (value >= Level.WARNING.intValue()) {
      return LocationAwareLogger.WARN_INT;
    }
    if (value >= Level.INFO.intValue()) {
      return LocationAwareLogger.INFO_INT;
    }
    return value >= Level.FINE.intValue()
        ? LocationAwareLogger.DEBUG_INT
        : LocationAwareLogger.TRACE_INT;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
