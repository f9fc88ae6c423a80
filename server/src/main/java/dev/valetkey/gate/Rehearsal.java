package dev.valetkey.gate;

import dev.valetkey.config.Config;
import dev.valetkey.subject.SubjectResolver;
import dev.valetkey.telemetry.Audit;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.AccessToken;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Session.UserToken;
import dev.valetkey.token.Subject;
import dev.valetkey.token.TargetChooser;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenProvider;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import dev.valetkey.token.UserTokenFault;
import java.time.Instant;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A gate to practise on: it judges by a real configuration, for a user and with a token that exist
 * nowhere else.
 */
public final class Rehearsal {
  /** What the made-up user's token and the made-up issued token are; opens nothing. */
  public static final String TOKEN = "self-check";

  private Rehearsal() {}

  /** A gate that takes every user token for the same user's and always has the same token. */
  public static Gate gate(
      Config config, Instant now, Audit audit, Metrics metrics, LongSupplier nanoTime) {
    return new Gate(
        config,
        new OneUser(now),
        TargetChooser.AS_CONFIGURED,
        new OneToken(now),
        audit,
        metrics,
        nanoTime);
  }

  /** Knows every token, as the same user. */
  private static final class OneUser implements SubjectResolver {
    private final User user;

    OneUser(Instant now) {
      Subject subject =
          new Subject(TOKEN, TOKEN, null, null, Set.of(), null, null, null, now.plusSeconds(60));
      Secret text = Secret.of(TOKEN);
      TokenDigest kind = subject.keyPart(text.digest());
      UserToken token = new UserToken(text, text.digest(), kind, now.toEpochMilli());
      this.user =
          new User(new Session(subject, token, new HitCounters()), kind, now.toEpochMilli());
    }

    @Override
    public User known(TokenDigest token) {
      return user;
    }

    @Override
    public Resolution resolve(
        byte[] bytes, int start, int end, TokenDigest digest, Deadline deadline) {
      return new Resolution.Refused(UserTokenFault.MALFORMED);
    }

    @Override
    public boolean seen(TokenDigest token) {
      return true;
    }

    @Override
    public boolean looksLikeUserToken(byte[] bytes, int start, int end) {
      return false;
    }
  }

  /** Always has the same token. */
  private static final class OneToken implements TokenProvider {
    private final Granted granted;

    OneToken(Instant now) {
      this.granted = new Granted(new AccessToken("Bearer", TOKEN, now, now));
    }

    @Override
    public TokenOutcome known(TokenRequest request) {
      return granted;
    }

    @Override
    public TokenOutcome get(TokenRequest request, Deadline deadline) {
      return granted;
    }

    @Override
    public @Nullable TokenOutcome renew(TokenDigest refused, String server, Deadline deadline) {
      return null;
    }

    @Override
    public @Nullable TokenRequest issuedFor(TokenDigest token) {
      return null;
    }

    @Override
    public void forget(TokenDigest refused) {}
  }
}
