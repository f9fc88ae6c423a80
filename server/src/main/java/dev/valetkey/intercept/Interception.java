package dev.valetkey.intercept;

import dev.valetkey.config.InterceptConfig;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The opening of the agent's TLS, as long as this process lives: its authority, the files by which
 * the agent trusts it, and the leaves. The hosts stay those of the start: the root's key is gone,
 * so that another host would need another root, which running agents would not trust.
 */
public final class Interception implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Interception.class);

  /** Between two looks at what is due; for short lives, more often. */
  private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(1);

  private final Leaves leaves;
  private final Duration interval;
  private final CountDownLatch closed = new CountDownLatch(1);

  private Interception(Leaves leaves, Duration interval) {
    this.leaves = leaves;
    this.interval = interval;
  }

  /**
   * Makes the authority, writes the agent's files and makes the leaves, in this order, and renews
   * them from then on.
   *
   * @param hosts at least one
   */
  public static Interception start(
      InterceptConfig config, Set<String> hosts, InstantSource clock, SecureRandom random)
      throws IOException {
    PodAuthority authority = new PodAuthority(hosts, clock.instant(), random);
    new TrustFiles(config.trustDir()).write(config.systemBundle(), authority.root());
    Duration life = config.leafLifetime();
    Duration twentieth = life.dividedBy(20);
    Interception started =
        new Interception(
            new Leaves(authority, hosts, life, clock),
            twentieth.compareTo(LONGEST_INTERVAL) < 0 ? twentieth : LONGEST_INTERVAL);
    Thread.ofVirtual().name("leaf-renewal").start(started::run);
    return started;
  }

  public Leaves leaves() {
    return leaves;
  }

  /** Says which of these hosts are not opened, because they came after the start. */
  public void compare(Set<String> hosts) {
    Set<String> later = new LinkedHashSet<>(hosts);
    later.removeIf(host -> leaves.of(host) != null);
    if (!later.isEmpty()) {
      LOG.atWarn()
          .addKeyValue("hosts", String.join(" ", later))
          .log(
              "TLS to hosts that are new is opened after a restart only, of valetkey and the agent");
    }
  }

  /** Renews no more. */
  @Override
  public void close() {
    closed.countDown();
  }

  private void run() {
    try {
      while (!closed.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
        renew();
      }
    } catch (InterruptedException e) {
      // Only who ends the program interrupts this thread.
      Thread.currentThread().interrupt();
    }
  }

  private void renew() {
    try {
      leaves.renew();
    } catch (RuntimeException e) {
      // Half of their life is left; the next look tries again.
      LOG.atError().setCause(e).log("leaves were not renewed");
    }
  }
}
