package dev.valetkey.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Diagnostics on standard error, one JSON object a line. Logback finds this class as a service, so
 * that no XML is read. Two environment variables steer it: {@value #LEVEL} ({@code INFO}; any level
 * of SLF4J, or {@code OFF}) and {@value #FORMAT} ({@code json}; or {@code text} for a person at a
 * terminal).
 */
public final class Log extends ContextAwareBase implements Configurator {
  static final String LEVEL = "VALETKEY_LOG_LEVEL";
  static final String FORMAT = "VALETKEY_LOG_FORMAT";

  // Below INFO they write frames and headers, and with them tokens. The HTTP client's own INFO does
  // so as well.
  private static final List<String> TALKATIVE =
      List.of(
          "io.grpc",
          "io.netty",
          "com.nimbusds",
          "com.sun.net.httpserver",
          "sun.net.www.protocol.http");
  private static final List<String> MORE_TALKATIVE =
      List.of("jdk.httpclient", "jdk.internal.httpclient");

  private final Map<String, String> environment;
  private final OutputStream sink;
  private final boolean ofProcess;

  /** What Logback calls: standard error and the process's own environment. */
  public Log() {
    this(System.getenv(), System.err, true);
  }

  Log(Map<String, String> environment, OutputStream sink) {
    this(environment, sink, false);
  }

  private Log(Map<String, String> environment, OutputStream sink, boolean ofProcess) {
    this.environment = environment;
    this.sink = sink;
    this.ofProcess = ofProcess;
  }

  /** Sets up logging now, so that what java.util.logging has to say is caught from here on. */
  public static void start() {
    LoggerFactory.getILoggerFactory();
  }

  /** Writes what waits; gives a blocked standard error one second. Later log calls are lost. */
  public static void stop() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.stop();
    }
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    boolean text = "text".equalsIgnoreCase(environment.get(FORMAT));
    LogAppender appender =
        new LogAppender(sink, text ? new TextLogLine() : new JsonLogLine(InstantSource.system()));
    appender.setContext(context);
    appender.setName("standard error");
    appender.start();
    if (ofProcess) {
      // A process that ends right after it said why must not take that line with it.
      Runtime.getRuntime().addShutdownHook(new Thread(appender::flush, "log-flush"));
    }

    String asked = environment.get(LEVEL);
    Level level = level(asked);
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(level == null ? Level.INFO : level);
    root.addAppender(appender);
    TALKATIVE.forEach(name -> keepAbove(Level.INFO, context.getLogger(name), root));
    MORE_TALKATIVE.forEach(name -> keepAbove(Level.WARN, context.getLogger(name), root));
    // It warns of each connection that a unix socket has no keep-alive, which gRPC always asks for.
    keepAbove(Level.ERROR, context.getLogger("io.netty.bootstrap"), root);
    JulHandler.install(context);

    if (asked != null && level == null) {
      context
          .getLogger(Log.class)
          .atWarn()
          .addKeyValue("variable", LEVEL)
          .log("unknown log level, INFO is used");
    }
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static void keepAbove(Level floor, Logger logger, Logger root) {
    logger.setLevel(root.getLevel().isGreaterOrEqual(floor) ? root.getLevel() : floor);
  }

  private static @Nullable Level level(@Nullable String name) {
    return name == null ? null : Level.toLevel(name.strip().toUpperCase(Locale.ROOT), null);
  }
}
