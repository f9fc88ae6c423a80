package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.request;
import static dev.valetkey.cache.CacheWorld.text;
import static dev.valetkey.cache.CacheWorld.withoutUser;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.token.Rejection;
import dev.valetkey.token.Rejection.Memory;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long a no is remembered, and for whom (design.md §6). */
class FailureMemoryTest {
  private static final Duration ALMOST = Duration.ofSeconds(30).minusMillis(1);
  private static final Duration ONE = Duration.ofMillis(1);

  private final CacheWorld world = new CacheWorld();
  private final FakeIssuer issuer = world.issuer;
  private final TokenCache cache = world.cache;
  private final User alice = world.user("alice");
  private final TokenRequest request = request(alice, "github");

  @AfterEach
  void close() {
    world.close();
  }

  // R-CA-3, AB4
  @ParameterizedTest
  @EnumSource
  void aRejectionIsRememberedForItsUserAndServerOnly(Rejection rejection) {
    issuer.reject(rejection);

    assertThat(world.get(request)).isEqualTo(new Rejected(rejection));

    assertThat(cache.known(request)).isEqualTo(new Rejected(rejection));
    assertThat(world.get(request)).isEqualTo(new Rejected(rejection));
    assertThat(issuer.calls).hasValue(1);
    assertThat(cache.known(request(alice, "jira"))).isNull();
    assertThat(cache.known(world.request("bob", "github"))).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void aRejectionEndsWithItsClass(Rejection rejection) {
    issuer.reject(rejection);
    world.get(request);
    Instant start = world.clock.instant();

    world.clock.move(ALMOST);
    assertThat(cache.known(request)).isNotNull();
    world.clock.move(ONE);

    boolean lasting = rejection.memory() == Memory.USER_TOKEN;
    assertThat(cache.known(request) != null).isEqualTo(lasting);
    assertThat(cache.peek(request))
        .isEqualTo(
            lasting
                ? new Lookup.Remembered(rejection, start.plus(Duration.ofDays(1)))
                : new Lookup.Miss());
  }

  @ParameterizedTest
  @EnumSource
  void aNewUserTokenIsAskedWithUnlessTheConfigurationIsWrong(Rejection rejection) {
    issuer.reject(rejection);
    world.get(request);

    alice.session().offer(world.userToken("alice", Duration.ofDays(2)));

    assertThat(cache.known(request) == null).isEqualTo(rejection.memory() != Memory.CONFIGURATION);
  }

  @ParameterizedTest
  @EnumSource
  void aChangedSecretIsAskedWithOnlyWhenTheConfigurationWasWrong(Rejection rejection) {
    issuer.reject(rejection);
    world.get(request);

    cache.secretsChanged();

    assertThat(cache.known(request) == null).isEqualTo(rejection.memory() == Memory.CONFIGURATION);
  }

  /** What else may change, the actor's token for one, is looked at again. */
  @Test
  void onlyASignInThatIsOverLastsAsLongAsItsToken() {
    assertThat(Rejection.values())
        .filteredOn(rejection -> rejection.memory() == Memory.USER_TOKEN)
        .containsExactly(Rejection.INVALID_GRANT);
  }

  @Test
  void aRejectionThatWasAskedForWithTheOldSecretDoesNotCount() {
    issuer.answer(asked -> {
      cache.secretsChanged();
      return new Rejected(Rejection.INVALID_CLIENT);
    });

    assertThat(world.get(request)).isEqualTo(new Rejected(Rejection.INVALID_CLIENT));

    assertThat(cache.known(request)).isNull();
  }

  @Test
  void aRejectionOfTheOldUserTokenDoesNotCountForTheNewOne() {
    issuer.answer(asked -> {
      alice.session().offer(world.userToken("alice", Duration.ofDays(2)));
      return new Rejected(Rejection.INVALID_GRANT);
    });

    world.get(request);

    assertThat(cache.known(request)).isNull();
  }

  @Test
  void withoutUserEveryRejectionIsBrief() {
    issuer.reject(Rejection.INVALID_GRANT);
    world.get(withoutUser("github"));
    assertThat(cache.known(withoutUser("github"))).isEqualTo(new Rejected(Rejection.INVALID_GRANT));

    world.clock.move(Duration.ofSeconds(30));

    assertThat(cache.known(withoutUser("github"))).isNull();
  }

  @Test
  void whatCouldNotBeAskedIsNeverRemembered() {
    issuer.goDown(Duration.ofSeconds(30));
    assertThat(world.get(request)).isInstanceOf(Unavailable.class);

    assertThat(cache.known(request)).isNull();
    issuer.comeBack();
    assertThat(text(world.get(request))).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void theMemoryIsBounded() {
    issuer.reject(Rejection.INVALID_GRANT);

    for (int i = 0; i < 11_000; i++) {
      world.get(world.request("user" + i, "github"));
    }

    assertThat(cache.sideSizes().get(2)).isLessThanOrEqualTo(10_000);
  }
}
