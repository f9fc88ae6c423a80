package dev.valetkey.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class HitCountersTest {
  @Test
  void onlyTheFirstHitOnEachServerIsTheFirst() {
    HitCounters counters = new HitCounters();

    assertThat(counters.hit(0)).isTrue();
    assertThat(counters.hit(0)).isFalse();
    assertThat(counters.hit(20)).isTrue();
    assertThat(counters.hit(20)).isFalse();
    assertThat(counters.hit(0)).isFalse();
  }

  @Test
  void drainTakesTheHitsBehindTheFirstOnce() {
    HitCounters counters = new HitCounters();
    for (int i = 0; i < 4; i++) {
      counters.hit(9);
    }

    assertThat(counters.drain(9)).isEqualTo(3);
    assertThat(counters.drain(9)).isZero();
    assertThat(counters.drain(3)).isZero();
    counters.hit(9);
    assertThat(counters.drain(9)).isEqualTo(1);
  }

  @Test
  void nothingIsLostWhileServersAreAddedAndHitsAreDrained() throws Exception {
    int servers = 100;
    int threads = 8;
    int rounds = 500;
    HitCounters counters = new HitCounters();
    AtomicLong firsts = new AtomicLong();
    AtomicLong drained = new AtomicLong();
    CountDownLatch start = new CountDownLatch(1);

    try (ExecutorService pool = Executors.newFixedThreadPool(threads + 1)) {
      for (int thread = 0; thread < threads; thread++) {
        pool.execute(() -> {
          awaitQuietly(start);
          for (int round = 0; round < rounds; round++) {
            for (int server = 0; server < servers; server++) {
              if (counters.hit(server)) {
                firsts.incrementAndGet();
              }
            }
          }
        });
      }
      pool.execute(() -> {
        awaitQuietly(start);
        for (int round = 0; round < rounds; round++) {
          drained.addAndGet(drainAll(counters));
        }
      });
      start.countDown();
    }
    drained.addAndGet(drainAll(counters));

    assertThat(firsts).hasValue(servers);
    assertThat(drained.get() + firsts.get()).isEqualTo((long) threads * rounds * servers);
  }

  private static long drainAll(HitCounters counters) {
    long sum = 0;
    for (int server = 0; server < counters.servers(); server++) {
      sum += counters.drain(server);
    }
    return sum;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
