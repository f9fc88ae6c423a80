package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.digest;
import static dev.valetkey.cache.CacheWorld.soon;
import static dev.valetkey.cache.CacheWorld.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.CacheConfig;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Session;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenOutcome.Rejected;
import dev.valetkey.token.TokenOutcome.Unavailable;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Thousands of steps in random order (logins, calls, 401s, logouts, an issuer that fails, a clock
 * that jumps), after each of which holds: no token serves another user, another server or another
 * login, none is used past its end, and none that was given up comes back.
 */
class TokenCacheModelTest {
  private static final int STEPS = 20_000;
  private static final List<Rejection> REJECTIONS = List.of(Rejection.values());
  private static final int USERS = 6;
  private static final List<Target> TARGETS =
      IntStream.range(0, 5).mapToObj(i -> CacheWorld.target("server" + i)).toList();

  private final List<User> users = new ArrayList<>();
  private final List<String> seen = new ArrayList<>();
  private final Set<String> over = new HashSet<>();
  private final Map<Session, String> labels = new ConcurrentHashMap<>();

  // TM-MIX
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void noTokenEverServesAnotherSubjectOrServer(long seed) {
    Random random = new Random(seed);
    try (CacheWorld world = new CacheWorld(new CacheConfig(20, 1 << 20), random)) {
      world.issuer.answer(request -> answer(world, request, random));
      for (int i = 0; i < USERS; i++) {
        users.add(login(world, i));
      }

      for (int step = 0; step < STEPS; step++) {
        step(world, random);
        world.settle();
      }

      users.forEach(user -> world.cache.drop(user.session()));
      assertThat(world.cache.size()).isZero();
      assertThat(world.cache.sideSizes().getFirst()).isZero();
    }
  }

  private void step(CacheWorld world, Random random) {
    int number = random.nextInt(USERS);
    User user = users.get(number);
    Target target = TARGETS.get(random.nextInt(TARGETS.size()));
    Duration wish = random.nextInt(4) == 0 ? CacheWorld.STREAM : Duration.ZERO;
    TokenRequest request = new TokenRequest(target, user, wish);
    switch (random.nextInt(20)) {
      case 0 -> {
        end(world, user);
        users.set(number, login(world, number));
      }
      case 1 -> user.session().offer(world.userToken(user.sub(), Duration.ofHours(3)));
      case 2 -> world.clock.move(Duration.ofSeconds(random.nextInt(1_800)));
      case 3 -> world.clock.move(Duration.ofSeconds(-random.nextInt(300)));
      case 4, 5 -> world.cache.forget(digest(anySeen(random)));
      case 6, 7 -> {
        String refused = anySeen(random);
        checkRenewed(target, refused, world.cache.renew(digest(refused), name(target), soon()));
      }
      case 8 -> world.cache.secretsChanged();
      case 9 -> world.cache.drop(user.session());
      default -> {
        TokenOutcome known = world.cache.known(request);
        check(world, request, known == null ? world.get(request) : known);
      }
    }
  }

  private void check(CacheWorld world, TokenRequest request, TokenOutcome outcome) {
    User user = CacheWorld.userOf(request);
    if (outcome instanceof Granted granted) {
      String text = text(granted);
      assertThat(text).startsWith("CANARY-" + label(user) + "/" + name(request.target()) + "#");
      assertThat(over).doesNotContain(label(user));
      assertThat(user.session().hasEnded()).isFalse();
      assertThat(granted.token().expiresAt()).isGreaterThanOrEqualTo(world.clock.millis());
      seen.add(text);
    }
  }

  /** Whoever shows a refused token gets one for the same login at the same server, whoever asks. */
  private void checkRenewed(Target target, String refused, @Nullable TokenOutcome outcome) {
    if (outcome instanceof Granted granted) {
      String owner = refused.substring(0, refused.indexOf('#') + 1);
      assertThat(text(granted)).startsWith(owner);
      assertThat(owner).endsWith("/" + name(target) + "#");
      assertThat(over).noneMatch(label -> owner.startsWith("CANARY-" + label + "/"));
      seen.add(text(granted));
    }
  }

  private User login(CacheWorld world, int number) {
    // Each login of a user has the same claims, and so the same key, but is a session of its own.
    User user = world.user("user" + number, Duration.ofHours(1 + number));
    labels.put(user.session(), "user" + number + "@" + labels.size());
    return user;
  }

  private void end(CacheWorld world, User user) {
    over.add(label(user));
    user.session().end();
    world.cache.drop(user.session());
  }

  private TokenOutcome answer(CacheWorld world, TokenRequest request, Random random) {
    User user = CacheWorld.userOf(request);
    return switch (random.nextInt(10)) {
      case 0 -> new Rejected(REJECTIONS.get(random.nextInt(REJECTIONS.size())));
      case 1 ->
          new Unavailable(
              TokenOutcome.Cause.UNREACHABLE, Duration.ofSeconds(1 + random.nextInt(30)));
      default -> {
        world.issuer.life(Duration.ofSeconds(random.nextInt(3_600)));
        String text = label(user) + "/" + name(request.target()) + "#" + random.nextLong();
        yield world.issuer.issue("CANARY-" + text);
      }
    };
  }

  private String anySeen(Random random) {
    return seen.isEmpty()
        ? "CANARY-none#"
        : seen.get(Math.max(0, seen.size() - 1 - random.nextInt(40)));
  }

  private String label(User user) {
    return labels.getOrDefault(user.session(), "nobody");
  }

  private static String name(Target target) {
    return target.server().name();
  }
}
