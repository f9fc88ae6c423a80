package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.token.TokenOutcome.Cause;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** No redirect is ever followed, from anywhere to anywhere (hardening T13). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedirectTest {
  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final dev.valetkey.testkit.Issuer evil = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private Issuers issuers;

  @AfterEach
  void stop() {
    issuers.close();
    corp.faults().clear();
    corp.requests().clear();
    evil.requests().clear();
  }

  @AfterAll
  void stopIssuers() {
    corp.close();
    evil.close();
  }

  static Stream<Arguments> redirects() {
    return Stream.of(301, 302, 303, 307, 308)
        .flatMap(status ->
            Stream.of("token", "jwks", "metadata")
                .flatMap(place ->
                    Stream.of(true, false).map(sameHost -> arguments(status, place, sameHost))));
  }

  // R-BC-1, TM-ISSUER
  @ParameterizedTest(name = "{0} at {1}, same host {2}")
  @MethodSource("redirects")
  void redirectIsNoAnswer(int status, String place, boolean sameHost, @TempDir Path folder) {
    issuers = new Issuers(time, time, new SecureRandom());
    dev.valetkey.testkit.Issuer to = sameHost ? corp : evil;
    Issuer issuer = issuers.of(Configs.agent(corp, folder));
    switch (place) {
      case "token" ->
          corp.faults().token(Fault.redirect(status, to.tokenEndpoint() + "?again"), Faults.ALWAYS);
      case "jwks" ->
          corp.faults().jwks(Fault.redirect(status, to.jwksUri() + "?again"), Faults.ALWAYS);
      default -> {
        String metadata = to.issuer() + "/.well-known/openid-configuration?again";
        corp.faults().metadata(Fault.redirect(status, metadata), Faults.ALWAYS);
      }
    }

    issuer.prepare(time.deadline());
    TokenAnswer answer =
        issuer.token(Form.EMPTY.with("grant_type", "client_credentials"), time.deadline());

    switch (place) {
      case "token" ->
          assertThat(answer)
              .isEqualTo(new TokenAnswer.Unavailable(Cause.ANSWER, Duration.ofSeconds(1)));
      case "jwks" -> assertThat(issuer.state()).isEqualTo("keys: status " + status);
      default -> {
        assertThat(answer)
            .isEqualTo(new TokenAnswer.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(1)));
        assertThat(issuer.state()).startsWith("metadata: status ");
      }
    }
    assertThat(evil.requests().all()).isEqualTo(List.of());
    assertThat(corp.requests().wireText()).doesNotContain("?again");
  }
}
