package dev.valetkey.gate;

import static java.util.Objects.requireNonNull;

import dev.valetkey.config.Config;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.subject.InboundUsers;
import dev.valetkey.subject.InboundUsers.TraceId;
import dev.valetkey.subject.InboundUsers.Visit;
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
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A gate to practise on: it judges by a real configuration, for a user and with a token that exist
 * nowhere else. The user has called the agent before.
 */
public final class Rehearsal {
  /** What the made-up user's token and the made-up issued token are; opens nothing. */
  private static final String TOKEN = "self-check";

  private final Gate gate;
  private final byte[] handle;
  private final byte[] traceparent;

  /** Takes every user token for the same user's and always has the same token. */
  public Rehearsal(
      Config config,
      Instant now,
      SecureRandom random,
      Audit audit,
      Metrics metrics,
      LongSupplier nanoTime) {
    OneUser known = new OneUser(now);
    InboundUsers inbound = new InboundUsers(InstantSource.fixed(now), random);
    Visit visit = new Visit(Secret.of(TOKEN).digest(), known.user);
    TraceId trace = inbound.newTrace();
    inbound.link(trace, visit);
    inbound.arrived(visit);
    this.handle = requireNonNull(inbound.handle(visit));
    this.traceparent = TraceContext.header(trace);
    this.gate =
        new Gate(
            config,
            known,
            inbound,
            TargetChooser.AS_CONFIGURED,
            new OneToken(now),
            audit,
            metrics,
            nanoTime);
  }

  public Gate gate() {
    return gate;
  }

  /** What a call has to carry so that its user is found in this source. */
  public Map<String, String> credentials(UserTokenSource source) {
    return switch (source) {
      case UserTokenSource.Authorization authorization -> inAuthorization(TOKEN);
      case UserTokenSource.Header header -> Map.of(header.name(), TOKEN);
      case UserTokenSource.Handle handle -> inAuthorization(text(this.handle));
      case UserTokenSource.TraceId trace -> Map.of("traceparent", text(traceparent));
      case UserTokenSource.Workload workload -> Map.of();
    };
  }

  /** Where Envoy has moved it. */
  private static Map<String, String> inAuthorization(String token) {
    return Map.of("x-valetkey-user-token", "Bearer " + token);
  }

  private static String text(byte[] ascii) {
    return new String(ascii, StandardCharsets.US_ASCII);
  }

  /** Knows every token, as the same user. */
  private static final class OneUser implements SubjectResolver {
    private final User user;

    OneUser(Instant now) {
      Subject subject =
          new Subject(TOKEN, TOKEN, null, null, Set.of(), null, null, null, now.plusSeconds(60));
      Secret text = Secret.of(TOKEN);
      TokenDigest kind = subject.keyPart(text.digest());
      long end = subject.expiresAt().toEpochMilli();
      UserToken token = new UserToken(text, text.digest(), kind, end);
      this.user = new User(new Session(subject, token, new HitCounters()), kind, end);
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
