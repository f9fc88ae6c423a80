package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.token.TokenOutcome.Cause;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Retry, wait, give up: what happens when an issuer does not answer well (design.md §6). */
class IssuerFailureTest {
  private static final Form FORM = Form.EMPTY.with("grant_type", "client_credentials");
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private Issuer issuer;

  @BeforeEach
  void start(@TempDir Path folder) {
    issuer = issuers.of(Configs.limited(Configs.agent(corp, folder), TIMEOUT, 4));
    issuer.prepare(time.deadline());
  }

  @AfterEach
  void stop() {
    issuers.close();
    corp.close();
  }

  static Stream<Arguments> passing() {
    return Stream.of(
        arguments("502", Fault.status(502)),
        arguments("503 without Retry-After", Fault.status(503)),
        arguments("504", Fault.status(504)),
        arguments("connection cut in the body", Fault.cutOff()));
  }

  // R-TX-7
  @ParameterizedTest(name = "{0}")
  @MethodSource("passing")
  void passingFailureIsTriedOnceMore(String name, Fault fault) {
    corp.faults().token(fault, 1);

    assertThat(ask()).as(name).isInstanceOf(TokenAnswer.Success.class);
    assertThat(corp.tokenCalls()).hasSize(2);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("passing")
  void twiceIsEnough(String name, Fault fault) {
    corp.faults().token(fault, Faults.ALWAYS);

    assertThat(ask()).as(name).isEqualTo(unavailable(Cause.UNREACHABLE, 1));
    assertThat(corp.tokenCalls()).hasSize(2);
  }

  @Test
  void error500IsNotTriedAgain() {
    corp.faults().token(Fault.status(500), 1);

    assertThat(ask()).isEqualTo(unavailable(Cause.UNREACHABLE, 1));
    assertThat(corp.tokenCalls()).hasSize(1);
  }

  static Stream<Arguments> retryAfter() {
    return Stream.of(
        arguments("7", 7),
        arguments("0", 1),
        arguments("-3", 1),
        arguments("soon", 1),
        arguments("99999999999999999999", 300),
        arguments("301", 300),
        arguments("Thu, 01 Jan 1970 00:00:00 GMT", 1),
        arguments("Fri, 31 Dec 9999 23:59:59 GMT", 300));
  }

  // R-TX-7
  @ParameterizedTest
  @MethodSource("retryAfter")
  void retryAfterIsHonouredWithinBounds(String value, int seconds) {
    corp.faults().token(Fault.status(429, "Retry-After", value), Faults.ALWAYS);

    assertThat(ask()).isEqualTo(unavailable(Cause.RATE_LIMIT, seconds));
    assertThat(ask())
        .isInstanceOfSatisfying(
            TokenAnswer.Unavailable.class,
            answer -> assertThat(answer.cause()).isEqualTo(Cause.RATE_LIMIT));
    assertThat(corp.tokenCalls()).hasSize(1);
    time.forward(Duration.ofSeconds(seconds));
    ask();
    assertThat(corp.tokenCalls()).hasSize(2);
  }

  @Test
  void retryAfterMayBeADate() {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            time.instant().plusSeconds(100).atOffset(ZoneOffset.UTC));
    corp.faults().token(Fault.status(503, "Retry-After", date), 1);

    assertThat(ask())
        .isInstanceOfSatisfying(
            TokenAnswer.Unavailable.class,
            answer ->
                assertThat(answer.retryAfter())
                    .isBetween(Duration.ofSeconds(98), Duration.ofSeconds(100)));
    assertThat(corp.tokenCalls()).hasSize(1);
  }

  @Test
  void issuerThatKeepsFailingIsLeftAloneForLongerEachTime() {
    corp.faults().token(Fault.status(500), Faults.ALWAYS);
    for (int i = 0; i < 3; i++) {
      ask();
    }

    List<Integer> waits = new ArrayList<>();
    for (int probe = 0; probe < 7; probe++) {
      int before = corp.tokenCalls().size();
      int wait = 0;
      while (corp.tokenCalls().size() == before) {
        time.forward(Duration.ofSeconds(1));
        wait++;
        ask();
      }
      waits.add(wait);
    }

    assertThat(waits).containsExactly(1, 2, 4, 8, 16, 30, 30);
    corp.faults().clear();
    time.forward(Duration.ofSeconds(30));
    assertThat(ask()).isInstanceOf(TokenAnswer.Success.class);
    assertThat(ask()).isInstanceOf(TokenAnswer.Success.class);
  }

  @Test
  void afterTheWaitOneCallerProbes() throws Exception {
    corp.faults().token(Fault.status(500), 3);
    for (int i = 0; i < 3; i++) {
      ask();
    }
    corp.faults().token(Fault.delay(Duration.ofMillis(300)), 1);
    time.forward(Duration.ofSeconds(1));

    List<TokenAnswer> answers = together(20);

    assertThat(answers).filteredOn(TokenAnswer.Success.class::isInstance).hasSize(1);
    assertThat(corp.tokenCalls()).hasSize(4);
  }

  // R-BC-1, BO-TIMEOUT
  @ParameterizedTest
  @CsvSource({"hang", "drip"})
  void deadlineCoversTheLastByte(String kind) {
    corp.faults().token(kind.equals("hang") ? Fault.hang() : Fault.drip(Duration.ofSeconds(1)), 1);
    long began = System.nanoTime();

    TokenAnswer answer = issuer.token(FORM, time.deadline(Duration.ofMillis(400)));

    assertThat(answer).isEqualTo(unavailable(Cause.DEADLINE, 1));
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
    assertThat(corp.tokenCalls()).hasSize(1);
  }

  @Test
  void neverMoreConnectionsThanPlaces() throws Exception {
    corp.faults().token(Fault.delay(Duration.ofMillis(20)), 40);
    corp.server().resetCounts();

    List<TokenAnswer> answers = together(40);

    assertThat(answers).allMatch(TokenAnswer.Success.class::isInstance);
    assertThat(corp.server().maxInFlight()).isLessThanOrEqualTo(4);
    assertThat(corp.server().connections()).isLessThanOrEqualTo(4);
  }

  @Test
  void callerThatFindsNoPlaceIsTold() throws Exception {
    corp.faults().token(Fault.hang(), 4);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 4; i++) {
        threads.submit(this::ask);
      }
      corp.requests().await(6, Duration.ofSeconds(5));

      TokenAnswer answer = issuer.token(FORM, time.deadline(Duration.ofMillis(100)));

      assertThat(answer).isEqualTo(unavailable(Cause.BUSY, 1));
    }
  }

  @Test
  void equalRecordsShareOneIssuerUntilNobodyUsesIt() {
    assertThat(issuers.of(Configs.limited(issuer.config(), TIMEOUT, 4))).isSameAs(issuer);
    issuers.retain(List.of(issuer.config()), List.of());
    assertThat(issuers.of(issuer.config())).isSameAs(issuer);
    issuers.retain(List.of(), List.of());
    assertThat(issuers.of(issuer.config())).isNotSameAs(issuer);
    assertThat(ask()).isEqualTo(unavailable(Cause.UNREACHABLE, 1));
  }

  private List<TokenAnswer> together(int callers) throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<TokenAnswer> call = this::ask;
      return threads.invokeAll(java.util.Collections.nCopies(callers, call)).stream()
          .map(Future::resultNow)
          .toList();
    }
  }

  private TokenAnswer ask() {
    return issuer.token(FORM, time.deadline());
  }

  private static TokenAnswer unavailable(Cause cause, long seconds) {
    return new TokenAnswer.Unavailable(cause, Duration.ofSeconds(seconds));
  }
}
