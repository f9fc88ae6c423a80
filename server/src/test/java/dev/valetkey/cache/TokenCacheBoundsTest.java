package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.digest;
import static dev.valetkey.cache.CacheWorld.request;
import static dev.valetkey.cache.CacheWorld.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.CacheConfig;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How much is kept, and that nothing is left behind. */
class TokenCacheBoundsTest {

  // R-CA-6, AB4
  @Test
  void theNumberOfEntriesIsBounded() {
    try (CacheWorld world = new CacheWorld(new CacheConfig(100, 64 << 20), CacheWorld.MIDDLE)) {
      for (int i = 0; i < 1_000; i++) {
        world.get(world.request("user" + i, "github"));
      }

      assertThat(world.cache.size()).isBetween(90L, 100L);
    }
  }

  @Test
  void theBytesAreBounded() {
    try (CacheWorld world = new CacheWorld(new CacheConfig(1_000, 1 << 20), CacheWorld.MIDDLE)) {
      world.issuer.answer(asked -> world.issuer.issue("CANARY-" + "x".repeat(10_000)));
      for (int i = 0; i < 1_000; i++) {
        world.get(world.request("user" + i, "github"));
      }

      assertThat(world.cache.bytes()).isBetween(900_000L, 1L << 20);
      assertThat(world.cache.size()).isBetween(90L, 101L);
    }
  }

  @Test
  void aTokenLargerThanTheCacheIsUsedAndNotKept() {
    try (CacheWorld world = new CacheWorld(new CacheConfig(10, 8_192), CacheWorld.MIDDLE)) {
      world.issuer.answer(asked -> world.issuer.issue("CANARY-" + "x".repeat(10_000)));
      TokenRequest request = world.request("alice", "github");

      assertThat(text(world.get(request))).startsWith("CANARY-x");

      assertThat(world.cache.known(request)).isNull();
      assertThat(world.cache.size()).isZero();
      assertThat(world.cache.sideSizes().getFirst()).isZero();
    }
  }

  // TM-EXHAUST
  @Test
  void aSessionHasABoundOfItsOwnAndItsOldestTokenGoes() {
    try (CacheWorld world = new CacheWorld()) {
      User alice = world.user("alice");
      world.get(world.request("bob", "server0"));
      for (int i = 0; i < Store.MAX_PER_SESSION + 1; i++) {
        world.get(request(alice, "server" + i));
      }

      assertThat(world.cache.entries(alice.session()))
          .extracting(CachedToken::server)
          .hasSize(Store.MAX_PER_SESSION)
          .startsWith("server1")
          .endsWith("server" + Store.MAX_PER_SESSION);
      assertThat(world.cache.known(request(alice, "server0"))).isNull();
      assertThat(world.cache.known(world.request("bob", "server0"))).isNotNull();
    }
  }

  @Test
  void theEndOfASessionDropsItsTokensAndNoOthers() {
    try (CacheWorld world = new CacheWorld()) {
      User alice = world.user("alice");
      world.get(request(alice, "github"));
      world.get(request(alice, "jira"));
      world.get(world.request("bob", "github"));

      int dropped = world.cache.drop(alice.session());

      assertThat(dropped).isEqualTo(2);
      assertThat(world.cache.entries(alice.session())).isEmpty();
      assertThat(world.cache.known(request(alice, "github"))).isNull();
      assertThat(world.cache.known(world.request("bob", "github"))).isNotNull();
      assertThat(world.cache.drop(alice.session())).isZero();
    }
  }

  @Test
  void theTokensOfASessionAreListedWithoutTheirText() {
    try (CacheWorld world = new CacheWorld()) {
      User alice = world.user("alice");
      world.get(request(alice, "github"));
      world.get(request(alice, "jira"));

      assertThat(world.cache.entries(alice.session()))
          .containsExactly(
              new CachedToken(
                  "github",
                  world.clock.instant().plus(Duration.ofHours(1)),
                  digest("CANARY-alice/github#1")),
              new CachedToken(
                  "jira",
                  world.clock.instant().plus(Duration.ofHours(1)),
                  digest("CANARY-alice/jira#2")));
    }
  }

  @Test
  void aTokenThatReplacesAnExpiredOneBelongsToItsSession() {
    try (CacheWorld world = new CacheWorld()) {
      User alice = world.user("alice");
      world.get(request(alice, "github"));
      world.clock.move(Duration.ofHours(2));
      world.get(request(alice, "github"));

      assertThat(world.cache.drop(alice.session())).isEqualTo(1);
      assertThat(world.cache.size()).isZero();
    }
  }

  @Test
  void otherBoundsHoldAtOnce() {
    try (CacheWorld world = new CacheWorld(new CacheConfig(1_000, 64 << 20), CacheWorld.MIDDLE)) {
      for (int i = 0; i < 500; i++) {
        world.get(world.request("user" + i, "github"));
      }

      world.cache.resize(new CacheConfig(100, 64 << 20));
      assertThat(world.cache.size()).isBetween(90L, 100L);
      assertThat(world.cache.sideSizes().getFirst()).isEqualTo(world.cache.size());

      world.cache.resize(new CacheConfig(0, 64 << 20));
      assertThat(world.cache.size()).isZero();

      world.cache.resize(new CacheConfig(1_000, 64 << 20));
      for (int i = 0; i < 500; i++) {
        world.get(world.request("user" + i, "github"));
      }
      assertThat(world.cache.size()).isEqualTo(500);
    }
  }

  @Test
  void expiredTokensLeaveTheMemory() {
    try (CacheWorld world = new CacheWorld()) {
      for (int i = 0; i < 500; i++) {
        world.get(world.request("user" + i, "github"));
      }

      world.clock.move(Duration.ofMinutes(62));
      world.get(world.request("alice", "github"));

      assertThat(world.cache.size()).isEqualTo(1);
      assertThat(world.cache.sideSizes()).containsExactly(1L, 1L, 0L);
    }
  }

  @Test
  void churnLeavesNothingBehind() {
    try (CacheWorld world = new CacheWorld(new CacheConfig(1_000, 64 << 20), CacheWorld.MIDDLE)) {
      List<User> latest = new ArrayList<>();
      for (int i = 0; i < 25_000; i++) {
        User user = world.user("user" + i, Duration.ofHours(2));
        world.get(request(user, "github"));
        world.get(request(user, "jira"));
        world.get(request(user, "search"));
        world.get(request(user, "mail"));
        latest.add(user);
        if (i % 5 == 0) {
          User old = latest.removeFirst();
          old.session().end();
          world.cache.drop(old.session());
        }
        world.clock.move(Duration.ofMillis(40));
      }

      assertThat(world.cache.size()).isLessThanOrEqualTo(1_000);
      List<Long> sides = world.cache.sideSizes();
      assertThat(sides.get(0)).as("sessions").isLessThanOrEqualTo(1_000);
      assertThat(sides.get(1)).as("issued").isLessThanOrEqualTo(2_000);
      assertThat(sides.get(2)).as("failures").isZero();
      assertThat(world.cache.underWay()).isZero();
      latest.forEach(user -> world.cache.drop(user.session()));
      assertThat(world.cache.size()).isZero();
      assertThat(world.cache.sideSizes().getFirst()).isZero();
    }
  }
}
