package dev.valetkey.acquire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.oauth.MovedTime;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A token from a file. */
class StaticGrantTest {
  private final StaticGrant grant = new StaticGrant(new CredentialFiles(), new MovedTime());

  @Test
  void changedFileCountsAtTheNextLook(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("key"), "CANARY-one\n");
    AccessToken first = granted(file, "Bearer");
    Files.writeString(file, "CANARY-two");
    AccessToken second = granted(file, "");

    assertThat(new String(first.authorization(), UTF_8)).isEqualTo("Bearer CANARY-one");
    assertThat(first.expiresAt() - first.issuedAt()).isEqualTo(10_000);
    assertThat(new String(second.authorization(), UTF_8)).isEqualTo("CANARY-two");
  }

  @Test
  void missingFileAndLineBreaksInsideAreNoToken(@TempDir Path folder) throws IOException {
    Path broken = Files.writeString(folder.resolve("broken"), "CANARY-a\r\nX-Evil: 1\n");

    assertThat(acquire(folder.resolve("missing"), "Bearer"))
        .isEqualTo(new TokenOutcome.Unavailable(Cause.UNREACHABLE, Duration.ofSeconds(5)));
    assertThat(acquire(broken, "Bearer"))
        .isEqualTo(new TokenOutcome.Unavailable(Cause.ANSWER, Duration.ofSeconds(5)));
  }

  private TokenOutcome acquire(Path file, String scheme) {
    return grant.acquire(new GrantConfig.Static(file, scheme));
  }

  private AccessToken granted(Path file, String scheme) {
    TokenOutcome outcome = acquire(file, scheme);
    assertThat(outcome).isInstanceOf(TokenOutcome.Granted.class);
    return ((TokenOutcome.Granted) outcome).token();
  }
}
