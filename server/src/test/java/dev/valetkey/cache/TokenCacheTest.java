package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.STREAM;
import static dev.valetkey.cache.CacheWorld.request;
import static dev.valetkey.cache.CacheWorld.stream;
import static dev.valetkey.cache.CacheWorld.text;
import static dev.valetkey.cache.CacheWorld.withoutUser;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.CacheConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long a token is used, and by whom. */
class TokenCacheTest {
  private final CacheWorld world = new CacheWorld();
  private final MovedClock clock = world.clock;
  private final FakeIssuer issuer = world.issuer;
  private final TokenCache cache = world.cache;

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void anotherUserOfTheSameServerNeverGetsTheToken() {
    world.get(world.request("alice", "github"));

    TokenOutcome bob = world.get(world.request("bob", "github"));

    assertThat(text(bob)).isEqualTo("CANARY-bob/github#2");
  }

  @Test
  void anotherServerOfTheSameUserNeverGetsTheToken() {
    User alice = world.user("alice");
    world.get(request(alice, "github"));

    TokenOutcome jira = world.get(request(alice, "jira"));

    assertThat(text(jira)).isEqualTo("CANARY-alice/jira#2");
  }

  // R-CA-5
  @Test
  void aCallWithoutUserNeverGetsAUsersTokenNorTheOtherWayRound() {
    world.get(world.request("alice", "github"));

    TokenOutcome nobody = world.get(withoutUser("github"));

    assertThat(text(nobody)).isEqualTo("CANARY-nobody/github#2");
    assertThat(text(cache.known(world.request("alice", "github"))))
        .isEqualTo("CANARY-alice/github#1");
    assertThat(text(cache.known(withoutUser("github")))).isEqualTo("CANARY-nobody/github#2");
  }

  @Test
  void aHitGivesTheSameObjectAndAsksNobody() {
    TokenRequest request = world.request("alice", "github");
    assertThat(cache.known(request)).isNull();
    TokenOutcome first = world.get(request);

    TokenOutcome hit = cache.known(request);

    assertThat(hit).isSameAs(first);
    assertThat(world.get(request)).isSameAs(first);
    assertThat(issuer.calls).hasValue(1);
  }

  // The margin is 60 s, but never more than a third of the life (R-CA-2).
  // R-CA-2, BO-BUFFER
  @ParameterizedTest
  @CsvSource({"PT1H, PT59M", "PT3M, PT2M", "PT90S, PT60S", "PT3S, PT2S", "P3650D, P3649DT23H59M"})
  void aTokenIsUsedUntilItsMarginBegins(Duration life, Duration usable) {
    TokenRequest request = request(world.user("alice", Duration.ofDays(10_000)), "github");
    issuer.life(life);
    world.get(request);
    issuer.reject(Rejection.OTHER_ERROR);

    clock.move(usable.minusMillis(1));
    assertThat(cache.peek(request)).isInstanceOf(Lookup.Hit.class);

    clock.move(Duration.ofMillis(1));
    assertThat(cache.known(request)).isNull();
  }

  @Test
  void aTokenThatEndsWhenItIsIssuedIsUsedOnceAndNotKept() {
    TokenRequest request = world.request("alice", "github");
    issuer.life(Duration.ZERO);

    assertThat(text(world.get(request))).isEqualTo("CANARY-alice/github#1");
    assertThat(text(world.get(request))).isEqualTo("CANARY-alice/github#2");

    assertThat(cache.known(request)).isNull();
    assertThat(cache.size()).isZero();
  }

  @Test
  void withoutEntriesNothingIsKept() {
    try (CacheWorld small = new CacheWorld(new CacheConfig(0, 64 << 20), CacheWorld.MIDDLE)) {
      TokenRequest request = small.request("alice", "github");

      small.get(request);

      assertThat(small.cache.known(request)).isNull();
      assertThat(small.cache.size()).isZero();
      assertThat(text(small.get(request))).isEqualTo("CANARY-alice/github#2");
    }
  }

  // T16, R-CA-2
  @Test
  void aTokenIsUnusableWhenTheUserTokenBehindItEnds() {
    User alice = world.user("alice", Duration.ofMinutes(10));
    world.get(request(alice, "github"));

    clock.move(Duration.ofMinutes(10));

    // The clock skew may still admit the user token: then the issuer decides, call by call.
    assertThat(cache.known(request(alice, "github"))).isNull();
    assertThat(cache.known(request(world.user("alice"), "github"))).isNull();
    assertThat(issuer.calls).hasValue(1);
  }

  // T16
  @Test
  void aRenewedUserTokenKeepsTheTokensOfItsSession() {
    User alice = world.user("alice", Duration.ofMinutes(10));
    TokenOutcome first = world.get(request(alice, "github"));
    clock.move(Duration.ofMinutes(9));

    alice.session().offer(world.userToken("alice", Duration.ofMinutes(10)));
    clock.move(Duration.ofMinutes(9));

    assertThat(cache.known(request(alice, "github"))).isSameAs(first);
  }

  // T16
  @Test
  void anEndedSessionNeitherUsesNorFetchesAToken() {
    User alice = world.user("alice");
    world.get(request(alice, "github"));

    alice.session().end();

    assertThat(world.get(request(alice, "github")))
        .isEqualTo(new Rejected(Rejection.INVALID_GRANT));
    assertThat(issuer.calls).hasValue(1);
  }

  @Test
  void aNewSessionOfTheSameUserDoesNotGetTheTokensOfTheEndedOne() {
    User before = world.user("alice");
    world.get(request(before, "github"));
    before.session().end();

    TokenOutcome after = world.get(world.request("alice", "github"));

    assertThat(text(after)).isEqualTo("CANARY-alice/github#2");
  }

  @Test
  void inTheMarginTheOldTokenServesWhileTheIssuerCannotBeAsked() {
    TokenRequest request = world.request("alice", "github");
    TokenOutcome old = world.get(request);
    clock.move(Duration.ofMinutes(59));
    issuer.goDown(Duration.ofSeconds(10));

    assertThat(world.get(request)).isSameAs(old);

    // Nobody waits again before the issuer may be asked again.
    assertThat(cache.known(request)).isSameAs(old);
    assertThat(issuer.calls).hasValue(2);
    clock.move(Duration.ofSeconds(16));
    assertThat(cache.known(request)).isNull();
    assertThat(world.get(request)).isSameAs(old);
    clock.move(Duration.ofSeconds(44));
    assertThat(cache.known(request)).isNull();
    assertThat(world.get(request)).isInstanceOf(TokenOutcome.Unavailable.class);
  }

  @Test
  void inTheMarginTheOldTokenServesThoseWhoseDeadlinePasses() {
    TokenRequest request = world.request("alice", "github");
    TokenOutcome old = world.get(request);
    clock.move(Duration.ofMinutes(59));
    issuer.hold();

    assertThat(cache.get(request, CacheWorld.passed())).isSameAs(old);
  }

  @Test
  void inTheMarginARejectionIsARejection() {
    TokenRequest request = world.request("alice", "github");
    world.get(request);
    clock.move(Duration.ofMinutes(59));
    issuer.reject(Rejection.INVALID_GRANT);

    assertThat(world.get(request)).isEqualTo(new Rejected(Rejection.INVALID_GRANT));
  }

  @Test
  void aClockThatLeapsBackAndForthNeverMakesAnExpiredTokenUsableAtItsRealTime() {
    TokenRequest request = world.request("alice", "github");
    world.get(request);

    clock.move(Duration.ofMinutes(-5));
    assertThat(cache.peek(request)).isInstanceOf(Lookup.Hit.class);
    clock.move(Duration.ofMinutes(66));
    assertThat(cache.known(request)).isNull();
  }

  // R-MCP-14, BO-LIFETIME
  @Test
  void aStreamReusesATokenThatLastsLongEnough() {
    TokenRequest request = world.request("alice", "github");
    TokenOutcome first = world.get(request);
    clock.move(Duration.ofMinutes(25));

    assertThat(cache.known(stream(request))).isSameAs(first);
  }

  // R-MCP-14, R-CA-3, BO-LIFETIME
  @Test
  void aStreamFetchesALongerTokenWhichThenServesAll() {
    TokenRequest request = world.request("alice", "github");
    issuer.life(STREAM.plusSeconds(60));
    TokenOutcome first = world.get(request);
    clock.move(Duration.ofSeconds(61));
    assertThat(cache.known(stream(request))).isNull();
    assertThat(cache.known(request)).isSameAs(first);

    TokenOutcome longer = world.get(stream(request));

    assertThat(text(longer)).isEqualTo("CANARY-alice/github#2");
    assertThat(cache.known(request)).isSameAs(longer);
  }

  // BO-LIFETIME
  @Test
  void aStreamTakesAFreshTokenThatIsStillShorterAndDoesNotAskAgainForEachStream() {
    TokenRequest request = world.request("alice", "github");
    TokenOutcome other = world.get(world.request("bob", "github"));
    issuer.life(STREAM.minusSeconds(60));
    world.get(request);

    TokenOutcome fresh = world.get(stream(request));

    assertThat(text(fresh)).isEqualTo("CANARY-alice/github#3");
    clock.move(Duration.ofSeconds(100));
    assertThat(cache.known(stream(request))).isSameAs(fresh);
    assertThat(issuer.calls).hasValue(3);
    assertThat(cache.known(world.request("bob", "github"))).isSameAs(other);
    // In the second half of its life a fresh one is worth asking for.
    clock.move(Duration.ofSeconds(21));
    assertThat(cache.known(stream(request))).isNull();
  }

  @Test
  void aStreamTakesTheShorterTokenWhenTheIssuerGivesNoOther() {
    TokenRequest request = world.request("alice", "github");
    issuer.life(STREAM);
    TokenOutcome first = world.get(request);
    clock.move(Duration.ofSeconds(1));
    issuer.reject(Rejection.INVALID_REQUEST);

    assertThat(world.get(stream(request))).isSameAs(first);
    assertThat(cache.known(stream(request))).isSameAs(first);
    assertThat(issuer.calls).hasValue(2);
  }

  @Test
  void aTokenFromAFileIsReadAgainWhenASecretChangesAndNoOther() {
    Target file =
        Target.of(
            CacheWorld.server("search"), new GrantConfig.Static(Path.of("key"), "Bearer"), null);
    TokenRequest fromFile = new TokenRequest(file, null, Duration.ZERO);
    world.get(fromFile);
    world.get(withoutUser("github"));

    cache.secretsChanged();

    assertThat(text(world.get(fromFile))).isEqualTo("CANARY-nobody/search#3");
    assertThat(text(cache.known(withoutUser("github")))).isEqualTo("CANARY-nobody/github#2");
  }

  @Test
  void aLookChangesNothing() {
    TokenRequest request = world.request("alice", "github");
    assertThat(cache.peek(request)).isEqualTo(new Lookup.Miss());
    world.get(request);
    clock.move(Duration.ofMinutes(40));

    Lookup hit = cache.peek(request);

    assertThat(hit)
        .isEqualTo(
            new Lookup.Hit(
                new CachedToken(
                    "github",
                    clock.instant().plus(Duration.ofMinutes(20)),
                    CacheWorld.digest("CANARY-alice/github#1"))));
    assertThat(issuer.calls).hasValue(1);
  }

  @Test
  void nothingThatIsPrintedShowsAToken() {
    User alice = world.user("alice");
    TokenRequest request = request(alice, "github");

    TokenOutcome outcome = world.get(request);

    assertThat(outcome + " " + cache.peek(request) + cache.entries(alice.session()) + request)
        .doesNotContain("CANARY");
  }
}
