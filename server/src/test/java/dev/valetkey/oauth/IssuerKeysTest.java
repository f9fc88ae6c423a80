package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.Reply;
import dev.valetkey.testkit.SigningKey;
import dev.valetkey.token.UserTokenFault;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetching, keeping and renewing an issuer's keys (hardening T10). */
class IssuerKeysTest {
  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new SecureRandom());
  private Issuer issuer;

  @BeforeEach
  void start(@TempDir Path folder) {
    issuer = issuers.of(Configs.limited(Configs.agent(corp, folder), Duration.ofSeconds(2), 16));
  }

  @AfterEach
  void stop() {
    issuers.close();
    corp.close();
  }

  // AB5, TM-EXHAUST
  @Test
  void floodOfUnknownKidsCostsOneFetchInThirtySeconds() throws Exception {
    verify(corp.userToken("alice"));
    List<String> flood =
        IntStream.range(0, 200)
            .mapToObj(i -> corp.jwt("alice").header("kid", "unknown-" + i).signed())
            .toList();

    List<Verification> answers;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answers =
          threads
              .invokeAll(flood.stream().<Callable<Verification>>map(t -> () -> verify(t)).toList())
              .stream()
              .map(Future::resultNow)
              .toList();
    }

    assertThat(answers).containsOnly(new Verification.Invalid(UserTokenFault.SIGNATURE));
    assertThat(keyFetches()).isEqualTo(2);
    time.forward(Duration.ofSeconds(31));
    verify(flood.getFirst());
    verify(flood.getLast());
    assertThat(keyFetches()).isEqualTo(3);
  }

  @Test
  void newKeyIsFoundAtOnceAndTheOldOneForgotten() {
    String old = corp.userToken("alice");
    verify(old);
    corp.rotateKeys(false);

    assertThat(verify(corp.userToken("alice"))).isInstanceOf(Verification.Verified.class);
    assertThat(verify(old)).isEqualTo(new Verification.Invalid(UserTokenFault.SIGNATURE));
  }

  // AB5
  @Test
  void keysWithoutAlgorithmAndTokensWithoutKidAreVerified() {
    corp.switches().jwksWithAlg(false);

    assertThat(verify(corp.jwt("alice").withoutHeader("kid").signed()))
        .isInstanceOf(Verification.Verified.class);
  }

  @Test
  void ofTwoKeysWithOneKidBothAreTried() {
    var stranger = SigningKey.generate("RS256-1", Algorithm.RS256);
    String key = new com.google.gson.Gson().toJson(stranger.jwk(true));
    corp.faults().jwks(Fault.text(body -> body.replace("\"keys\":[", "\"keys\":[" + key + ",")), 1);

    assertThat(verify(corp.userToken("alice"))).isInstanceOf(Verification.Verified.class);
  }

  // AB5
  @Test
  void withoutKeysNobodyIsJudged() {
    corp.faults().jwks(Fault.status(500), Faults.ALWAYS);

    assertThat(verify(corp.userToken("alice")))
        .isEqualTo(new Verification.Invalid(UserTokenFault.KEYS_UNAVAILABLE));
    assertThat(issuer.state()).isEqualTo("keys: status 500");
  }

  @Test
  void failingFetchesAreSpaced() {
    corp.faults().jwks(Fault.status(500), Faults.ALWAYS);
    for (int i = 0; i < 10; i++) {
      verify(corp.userToken("alice"));
    }

    assertThat(keyFetches()).isEqualTo(3);
  }

  // R-RI-5
  @Test
  void oldKeysServeForADayWhileNewOnesCannotBeFetched() {
    verify(corp.userToken("alice"));
    corp.faults().jwks(Fault.json(set -> set.put("keys", List.of())), Faults.ALWAYS);

    time.forward(Duration.ofHours(23));
    assertThat(verify(fresh())).isInstanceOf(Verification.Verified.class);
    time.forward(Duration.ofHours(2));
    assertThat(verify(fresh()))
        .isEqualTo(new Verification.Invalid(UserTokenFault.KEYS_UNAVAILABLE));
  }

  @Test
  void keysAreRenewedBehindTheCallersAfterFiveMinutes() {
    verify(corp.userToken("alice"));
    corp.faults().jwks(Fault.delay(Duration.ofMillis(300)), 1);
    time.forward(Duration.ofMinutes(6));

    assertThat(verify(fresh())).isInstanceOf(Verification.Verified.class);

    Poll.until(Duration.ofSeconds(5), "a second fetch", () -> keyFetches() == 2);
  }

  // TM-ISSUER
  @Test
  void oversizedSetIsNoSet() {
    corp.faults().jwks(Fault.oversize(1024 * 1024 + 1), Faults.ALWAYS);

    verify(corp.userToken("alice"));

    assertThat(issuer.state()).isEqualTo("keys: unusable body");
  }

  @Test
  void ofTenThousandKeysAHundredAreLookedAt() {
    corp.faults()
        .jwks(
            visit -> Reply.json(Map.of("keys", Collections.nCopies(10_000, Map.of("kty", "oct")))),
            Faults.ALWAYS);

    verify(corp.userToken("alice"));

    assertThat(issuer.state()).isEqualTo("keys: no usable key");
  }

  @Test
  void callersOfAColdIssuerShareOneFetch() throws Exception {
    String token = corp.userToken("alice");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 100; i++) {
        threads.submit(() -> verify(token));
      }
    }

    assertThat(keyFetches()).isEqualTo(1);
    assertThat(corp.requests().count()).isEqualTo(2);
  }

  private String fresh() {
    return corp.jwt("alice").expiresIn(Duration.ofDays(3)).signed();
  }

  private long keyFetches() {
    return corp.requests().where(request -> request.path().endsWith("/jwks")).size();
  }

  private Verification verify(String token) {
    UserRule rule =
        new UserRule(
            "corp",
            List.of("agent"),
            List.of("RS256"),
            "sid",
            false,
            OpaqueTokens.REFUSE,
            false,
            List.of());
    byte[] bytes = token.getBytes(UTF_8);
    return new UserTokenVerifier(List.of(new UserTokenVerifier.Rule(rule, issuer)), time)
        .verify(bytes, 0, bytes.length, time.deadline());
  }
}
