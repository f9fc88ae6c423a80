package dev.valetkey.intercept;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.InterceptConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Leaves and files together, with a clock that is moved by hand. */
final class InterceptionTest {
  private static final Set<String> HOSTS =
      new LinkedHashSet<>(List.of("mcp.example.com", "api.github.example"));

  @TempDir private Path folder;
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-01T12:00:00Z"));
  private final AtomicInteger told = new AtomicInteger();
  private Interception interception;

  @BeforeEach
  void start() throws IOException {
    InterceptConfig config =
        new InterceptConfig(
            folder.resolve("trust"), folder.resolve("absent.pem"), Duration.ofHours(24));
    interception = Interception.start(config, HOSTS, now::get, new SecureRandom());
    interception.leaves().onRenewal(told::incrementAndGet);
  }

  @AfterEach
  void stop() {
    interception.close();
  }

  @Test
  void leafOfEachHostIsTrustedByTheFileOfTheAgent() throws Exception {
    List<java.security.cert.X509Certificate> root =
        Chains.read(Files.readAllBytes(folder.resolve("trust/pod-ca.pem")));

    for (String host : HOSTS) {
      Chains.check(Chains.read(leaf(host).chain()), root.getFirst(), now.get());
    }
    assertThat(interception.leaves().count()).isEqualTo(2);
    assertThat(interception.leaves().of("attacker.example")).isNull();
  }

  @Test
  void leavesStayUntilHalfTheirLifeIsOver() {
    Leaf before = leaf("mcp.example.com");
    now.updateAndGet(at -> at.plus(Duration.ofHours(12)).minusMillis(1));

    interception.leaves().renew();

    assertThat(leaf("mcp.example.com")).isSameAs(before);
    assertThat(told).hasValue(0);
  }

  @Test
  void leavesAreRenewedAtHalfTheirLife() {
    Leaf before = leaf("mcp.example.com");
    now.updateAndGet(at -> at.plus(Duration.ofHours(12)));

    interception.leaves().renew();

    assertThat(leaf("mcp.example.com").serial()).isNotEqualTo(before.serial());
    assertThat(leaf("mcp.example.com").expires()).isEqualTo(now.get().plus(Duration.ofHours(24)));
    assertThat(leaf("api.github.example").expires())
        .isEqualTo(now.get().plus(Duration.ofHours(24)));
    assertThat(told).hasValue(1);
  }

  @Test
  void machineThatSleptPastTheEndRenewsWhenItWakes() {
    now.updateAndGet(at -> at.plus(Duration.ofDays(5)));

    interception.leaves().renew();

    assertThat(leaf("mcp.example.com").expires()).isEqualTo(now.get().plus(Duration.ofHours(24)));
  }

  private Leaf leaf(String host) {
    return requireNonNull(interception.leaves().of(host));
  }
}
