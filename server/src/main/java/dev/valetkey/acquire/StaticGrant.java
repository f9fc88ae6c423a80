package dev.valetkey.acquire;

import dev.valetkey.config.GrantConfig;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Cause;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/** {@code static}: a token from a file. Thread-safe. */
final class StaticGrant {
  /**
   * How long a token counts before the file is looked at again: a changed file is in force within
   * this time.
   */
  private static final Duration LIFETIME = Duration.ofSeconds(10);

  private static final Duration FILE_RETRY = Duration.ofSeconds(5);

  private final CredentialFiles files;
  private final InstantSource clock;

  StaticGrant(CredentialFiles files, InstantSource clock) {
    this.files = files;
    this.clock = clock;
  }

  TokenOutcome acquire(GrantConfig.Static grant) {
    Optional<Secret> token = files.read(grant.tokenFile());
    if (token.isEmpty()) {
      return new TokenOutcome.Unavailable(Cause.UNREACHABLE, FILE_RETRY);
    }
    String text = token.get().reveal();
    // A line break would end the header, and no header value holds other bytes for certain (RFC
    // 9110 §5.5).
    if (!text.chars().allMatch(c -> c >= 0x20 && c <= 0x7e)) {
      return new TokenOutcome.Unavailable(Cause.ANSWER, FILE_RETRY);
    }
    Instant now = clock.instant();
    return new TokenOutcome.Granted(new AccessToken(grant.scheme(), text, now, now.plus(LIFETIME)));
  }
}
