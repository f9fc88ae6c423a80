package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.stream;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.ThreadMXBean;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
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

  private static final Pattern CLASS_LINE =
      Pattern.compile("^ *\\d+: +\\d+ +(\\d+) +(.+)$", Pattern.MULTILINE);

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
    List<Target> targets =
        IntStream.range(0, SERVERS).mapToObj(i -> CacheWorld.target("server" + i)).toList();
    List<User> users = users();
    warmUp(users, targets);
    long before = heap();

    fill(world, users, targets);

    long taken = heap() - before;
    long entries = (long) USERS * SERVERS;
    assertThat(world.cache.size()).isEqualTo(entries);
    assertThat(users).hasSize(USERS);
    assertThat(taken / entries).isLessThanOrEqualTo(budget());
    assertThat((double) world.cache.bytes() / taken).as("estimated by real").isBetween(0.9, 1.1);
  }

  /** Loads every class and grows every pool, in a cache that is garbage afterwards. */
  private static void warmUp(List<User> users, List<Target> targets) {
    try (CacheWorld other = new CacheWorld()) {
      fill(other, users, targets);
    }
  }

  private List<User> users() {
    return IntStream.range(0, USERS)
        .mapToObj(i -> world.user("user" + i, Duration.ofDays(1)))
        .toList();
  }

  /** Gives each user a token of 1 200 bytes for each server. */
  private static void fill(CacheWorld world, List<User> users, List<Target> targets) {
    world.issuer.answer(
        asked -> world.issuer.issue("CANARY-%01193d".formatted(world.issuer.calls.get())));
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

  /**
   * 1.6 KiB as the program runs, with compact object headers. Without them each of the nine objects
   * of an entry takes four bytes more before it is aligned.
   */
  private static long budget() {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    boolean compact = Boolean.parseBoolean(jvm.getVMOption("UseCompactObjectHeaders").getValue());
    return compact ? 1_638 : 1_638 + 9 * 4;
  }

  /** Bytes of all live objects, counted by the JVM class by class. */
  private static long heap() throws JMException {
    Object histogram =
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
    // "  12:   10000   560056  name (module)"; a filler is no object but a gap that a collector
    // left.
    return CLASS_LINE
        .matcher(String.valueOf(histogram))
        .results()
        .filter(line -> !line.group(2).contains("FillerElement"))
        .mapToLong(line -> Long.parseLong(line.group(1)))
        .sum();
  }
}
