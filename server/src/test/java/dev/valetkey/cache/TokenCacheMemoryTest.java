package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.stream;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What a hit leaves behind as garbage and what a kept token takes. Both are exact and do not depend
 * on the machine's speed.
 */
class TokenCacheMemoryTest {
  private static final int USERS = 1_000;
  private static final int SERVERS = 10;
  private static final int CALLS = 200_000;

  private final CacheWorld world = new CacheWorld();

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void aHitLeavesAlmostNoGarbage() {
    TokenRequest request = world.request("alice", "github");
    world.get(request);

    assertThat(garbagePerCall(request)).isLessThanOrEqualTo(64);
    assertThat(garbagePerCall(stream(request))).isLessThanOrEqualTo(64);
  }

  @Test
  void aRememberedRejectionLeavesAlmostNoGarbage() {
    TokenRequest request = world.request("alice", "github");
    world.issuer.reject(Rejection.INVALID_GRANT);
    world.get(request);

    assertThat(garbagePerCall(request)).isLessThanOrEqualTo(64);
  }

  @Test
  void anEntryWithATokenOfTwelveHundredBytesTakesAtMostSixteenTenthsOfAKibibyte()
      throws JMException {
    world.issuer.answer(
        asked -> world.issuer.issue("CANARY-" + "x".repeat(1_180) + world.issuer.calls));
    List<Target> targets =
        IntStream.range(0, SERVERS).mapToObj(i -> CacheWorld.target("server" + i)).toList();
    fill(users("warm-up", 10), targets);
    List<User> users = users("user", USERS);
    long before = heap();

    fill(users, targets);

    long entries = (long) USERS * SERVERS;
    assertThat(world.cache.size()).isEqualTo(entries);
    assertThat((heap() - before) / entries).isLessThanOrEqualTo(1_638);
    assertThat(users).hasSize(USERS);
    double estimated = (double) world.cache.bytes() / (heap() - before);
    assertThat(estimated).as("estimated by real bytes").isBetween(0.9, 1.1);
  }

  private List<User> users(String prefix, int count) {
    List<User> users = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      users.add(world.user(prefix + i, Duration.ofDays(1)));
    }
    return users;
  }

  private void fill(List<User> users, List<Target> targets) {
    for (User user : users) {
      for (Target target : targets) {
        world.get(new TokenRequest(target, user, Duration.ZERO));
      }
    }
  }

  private long garbagePerCall(TokenRequest request) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < CALLS; i++) {
      world.cache.known(request);
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      world.cache.known(request);
    }
    return (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
  }

  /** Bytes of all live objects, counted by the JVM one by one. */
  private static long heap() throws JMException {
    Object histogram =
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
    String total = String.valueOf(histogram).lines().reduce("", (earlier, line) -> line);
    return Long.parseLong(total.trim().split(" +")[2]);
  }
}
