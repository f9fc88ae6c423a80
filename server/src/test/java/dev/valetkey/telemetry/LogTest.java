package dev.valetkey.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.LoggerContext;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class LogTest {
  private final BlockableSink sink = new BlockableSink();
  private final LoggerContext context = new LoggerContext();
  private Handler[] julHandlers = {};

  @BeforeEach
  void rememberHandlers() {
    julHandlers = jul().getHandlers();
  }

  @AfterEach
  void restoreHandlers() {
    context.stop();
    for (Handler handler : jul().getHandlers()) {
      jul().removeHandler(handler);
    }
    for (Handler handler : julHandlers) {
      jul().addHandler(handler);
    }
  }

  @Test
  void logbackFindsThisConfigurationWithoutXml() {
    assertThat(ServiceLoader.load(ch.qos.logback.classic.spi.Configurator.class))
        .anyMatch(Log.class::isInstance);
  }

  @Test
  void anEventIsOneJsonObjectWithItsKeysAsFields() {
    start(Map.of());

    log()
        .atInfo()
        .addKeyValue("reason", "deadline")
        .addKeyValue("status", 503)
        .addKeyValue("ok", false)
        .log("call refused");

    JsonObject line = JsonParser.parseString(stopped().getFirst()).getAsJsonObject();
    assertThat(line.remove("time").getAsString())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(line)
        .hasToString(
            "{\"level\":\"INFO\",\"logger\":\"dev.valetkey.gate.Gate\",\"message\":\"call refused\","
                + "\"reason\":\"deadline\",\"status\":503,\"ok\":false}");
  }

  @Test
  void aKeyOfOursIsNotWrittenTwice() {
    start(Map.of());

    log().atInfo().addKeyValue("level", "high").log("x");

    assertThat(stopped())
        .singleElement()
        .asString()
        .contains("\"level\":\"INFO\"")
        .contains("\"level_\":\"high\"");
  }

  @Test
  void aStackTraceIsOneField() {
    start(Map.of());

    log()
        .atError()
        .setCause(new IllegalStateException("outer", new RuntimeException("inner")))
        .log("bug");

    JsonObject line = JsonParser.parseString(stopped().getFirst()).getAsJsonObject();
    assertThat(line.get("error").getAsString())
        .contains("java.lang.IllegalStateException: outer")
        .contains("Caused by: java.lang.RuntimeException: inner");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "text"})
  void controlCharactersOfStrangersAreEscaped(String format) {
    start(Map.of(Log.FORMAT, format));

    log().atInfo().addKeyValue("status", "a\u001b[2J\u009bb").log("one\r\ntwo");

    List<String> lines = stopped();
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst().chars()).noneMatch(Character::isISOControl);
  }

  @Test
  void aPersonCanHaveText() {
    start(Map.of(Log.FORMAT, "text"));

    log()
        .atWarn()
        .addKeyValue("issuer", "corp")
        .setCause(new RuntimeException("why"))
        .log("keys not fetched");

    List<String> lines = stopped();
    assertThat(lines.get(0)).matches("\\S+Z WARN  Gate: keys not fetched issuer=corp");
    assertThat(lines.get(1)).isEqualTo("java.lang.RuntimeException: why");
    assertThat(lines.get(2)).startsWith("\tat ");
  }

  // BO-SECRETS, TM-SECRETS
  @ParameterizedTest
  @CsvSource({
    "DEBUG, io.grpc.netty.NettyServerHandler, false",
    "TRACE, io.netty.handler.codec.http2.Http2FrameLogger, false",
    "DEBUG, jdk.httpclient.HttpClient, false",
    "DEBUG, com.nimbusds.jose, false",
    "TRACE, io.netty.bootstrap.ServerBootstrap, false",
    "DEBUG, dev.valetkey.gate.Gate, true",
    "INFO, dev.valetkey.gate.Gate, false",
    "nonsense, dev.valetkey.gate.Gate, false",
  })
  void librariesThatDumpFramesStayAtInfo(String level, String logger, boolean written) {
    start(Map.of(Log.LEVEL, level));

    context.getLogger(logger).debug("CANARY-frame");

    assertThat(stopped().stream().anyMatch(line -> line.contains("CANARY-frame")))
        .isEqualTo(written);
  }

  @Test
  void theHttpClientDoesNotEvenSayItsHeadersAtInfo() {
    start(Map.of(Log.LEVEL, "TRACE"));

    context.getLogger("jdk.httpclient.HttpClient").info("HEADERS: CANARY-header");

    assertThat(stopped()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "text"})
  void anExceptionThatQuotesACredentialIsWrittenWithoutIt(String format) {
    start(Map.of(Log.FORMAT, format));

    log()
        .atError()
        .setCause(new IllegalArgumentException("invalid header value: Bearer CANARY-token"))
        .addKeyValue("reason", "client_secret=CANARY-secret")
        .log("token=CANARY-message");

    assertThat(stopped()).isNotEmpty().noneMatch(line -> line.contains("CANARY"));
  }

  @Test
  void aHigherLevelHoldsForLibrariesToo() {
    start(Map.of(Log.LEVEL, "error"));

    context.getLogger("io.grpc.internal").warn("x");
    context.getLogger("io.grpc.internal").error("y");

    assertThat(stopped()).singleElement().asString().contains("\"message\":\"y\"");
  }

  @Test
  void anUnknownLevelIsSaid() {
    start(Map.of(Log.LEVEL, "loud"));

    assertThat(stopped())
        .singleElement()
        .asString()
        .contains(
            "\"message\":\"unknown log level, INFO is used\",\"variable\":\"VALETKEY_LOG_LEVEL\"");
  }

  @Test
  void javaUtilLoggingEndsInTheSamePlace() {
    start(Map.of(Log.LEVEL, "TRACE"));
    java.util.logging.Logger grpc =
        java.util.logging.Logger.getLogger("io.grpc.internal.ServerImpl");

    grpc.log(java.util.logging.Level.WARNING, "transport {0} failed", "x");
    grpc.log(java.util.logging.Level.FINEST, "CANARY-frame");

    assertThat(stopped())
        .singleElement()
        .asString()
        .contains("\"level\":\"WARN\"")
        .contains("\"logger\":\"io.grpc.internal.ServerImpl\"")
        .contains("\"message\":\"transport x failed\"");
  }

  @Test
  @Timeout(20)
  void aBlockedStandardErrorBlocksNobody() {
    start(Map.of());
    sink.block();
    log().info("first");
    await().until(sink::entered);

    long started = System.nanoTime();
    for (int i = 0; i < 3000; i++) {
      log().info("more");
    }
    assertThat(System.nanoTime() - started).isLessThan(TimeUnit.SECONDS.toNanos(5));

    sink.unblock();
    await().until(() -> sink.lines().size() == 1 + 1024 + 1);
    assertThat(sink.lines())
        .anyMatch(line ->
            line.contains("\"message\":\"log lines were lost") && line.contains("\"count\":1976"));
  }

  @Test
  void theLastWordsOfAProcessAreWritten() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LastWords.class.getName())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();

    String written = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).isEqualTo(3);
    assertThat(written.lines()).hasSize(200).last().asString().contains("\"message\":\"line 199\"");
  }

  /** Logs and ends at once. */
  static final class LastWords {
    public static void main(String[] args) {
      Logger log = LoggerFactory.getLogger(LastWords.class);
      for (int i = 0; i < 200; i++) {
        log.info("line {}", i);
      }
      System.exit(3);
    }
  }

  @Test
  void aHugeMessageIsCut() {
    start(Map.of());

    log().info("x".repeat(1_000_000));

    assertThat(stopped().getFirst()).hasSizeLessThan(10_000);
  }

  private void start(Map<String, String> environment) {
    new Log(environment, sink).configure(context);
  }

  private Logger log() {
    return context.getLogger("dev.valetkey.gate.Gate");
  }

  private List<String> stopped() {
    context.stop();
    return sink.lines();
  }

  private static java.util.logging.Logger jul() {
    return LogManager.getLogManager().getLogger("");
  }
}
