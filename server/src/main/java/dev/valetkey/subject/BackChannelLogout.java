package dev.valetkey.subject;

import dev.valetkey.oauth.LogoutToken;
import dev.valetkey.oauth.LogoutTokenVerifier;
import dev.valetkey.oauth.LogoutVerification;
import dev.valetkey.oauth.UserTokenVerifier.Rule;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.UserTokenFault;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes an issuer's word that a user has signed out (OpenID Connect Back-Channel Logout 1.0). One
 * per configuration; thread-safe; for virtual threads.
 */
public final class BackChannelLogout {
  private static final Logger LOG = LoggerFactory.getLogger(BackChannelLogout.class);

  private final LogoutTokenVerifier verifier;
  private final Logouts logouts;
  private final Sessions sessions;
  private final Supplier<Deadline> patience;

  /** What came of a logout token. */
  public enum Outcome {
    /** What there was of sessions has ended. */
    ENDED,
    /** It is no logout token for us, or was used before. */
    INVALID,
    /** The issuer's keys cannot be fetched. */
    UNAVAILABLE
  }

  /**
   * @param patience how long keys may be waited for
   */
  public BackChannelLogout(
      List<Rule> rules,
      InstantSource clock,
      Logouts logouts,
      Sessions sessions,
      Supplier<Deadline> patience) {
    this.verifier = new LogoutTokenVerifier(rules, clock);
    this.logouts = logouts;
    this.sessions = sessions;
    this.patience = patience;
  }

  /** Whether any issuer may send logout tokens. */
  public boolean isOn() {
    return verifier.hasIssuers();
  }

  /** Ends the sessions that {@code token} names. Their tokens are dropped before this returns. */
  public Outcome receive(byte[] token) {
    return switch (verifier.verify(token, patience.get())) {
      case LogoutVerification.Verified verified -> end(verified.token());
      case LogoutVerification.Invalid invalid -> {
        log(invalid.fault().name().toLowerCase(Locale.ROOT));
        yield invalid.fault() == UserTokenFault.KEYS_UNAVAILABLE
            ? Outcome.UNAVAILABLE
            : Outcome.INVALID;
      }
    };
  }

  private Outcome end(LogoutToken token) {
    // Remembered first: whoever opens a session from now on looks there once it is open.
    if (!logouts.remember(token)) {
      log("used before");
      return Outcome.INVALID;
    }
    int ended = sessions.end(token.issuer(), token.sid(), token.sub());
    LOG.atInfo()
        .addKeyValue("issuer", token.issuer())
        .addKeyValue("sessions", ended)
        .log("user signed out");
    return Outcome.ENDED;
  }

  private static void log(String reason) {
    LOG.atDebug().addKeyValue("reason", reason).log("logout token refused");
  }
}
