package dev.valetkey.cache;

import static org.awaitility.Awaitility.await;

import dev.valetkey.config.CacheConfig;
import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.Profile;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.telemetry.Metrics;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Subject;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenOutcome.Granted;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A cache with a fake issuer and a clock that a test moves. */
final class CacheWorld implements AutoCloseable {
  static final Duration MARGIN = Duration.ofSeconds(60);
  static final Duration STREAM = Duration.ofMinutes(5);
  static final CacheConfig BOUNDS = new CacheConfig(10_000, 64L << 20);
  private static final TokenDigest RULE = digest("rule");

  private static final Map<String, Target> TARGETS = new ConcurrentHashMap<>();

  /** Always in the middle: refreshes come at 55 % of life. */
  static final RandomGenerator MIDDLE = () -> Long.MIN_VALUE;

  final MovedClock clock = new MovedClock();
  final FakeIssuer issuer = new FakeIssuer(clock);
  final Metrics metrics = new Metrics();
  final TokenCache cache;

  CacheWorld() {
    this(BOUNDS, MIDDLE);
  }

  CacheWorld(CacheConfig bounds, RandomGenerator random) {
    cache =
        new TokenCache(
            bounds, issuer, Duration.ofSeconds(10), metrics, clock, System::nanoTime, random);
  }

  TokenOutcome get(TokenRequest request) {
    return cache.get(request, soon());
  }

  /** Waits until nothing is being acquired any more. */
  void settle() {
    if (cache.underWay() > 0) {
      awaitLanding();
    }
  }

  private void awaitLanding() {
    await().pollInterval(Duration.ofMillis(1)).until(() -> cache.underWay() == 0);
  }

  static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(20), System::nanoTime);
  }

  static Deadline passed() {
    return Deadline.after(Duration.ZERO, System::nanoTime);
  }

  static TokenDigest digest(String text) {
    return TokenDigest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(@Nullable TokenOutcome outcome) {
    return outcome instanceof Granted granted
        ? new String(granted.token().authorization(), StandardCharsets.ISO_8859_1)
            .substring("Bearer ".length())
        : String.valueOf(outcome);
  }

  /** Whether a thread waits for something, with a deadline. */
  static boolean waits(Thread thread) {
    return thread.getState() == Thread.State.TIMED_WAITING;
  }

  /** A user who signed in now, for a day. */
  User user(String sub) {
    return user(sub, Duration.ofDays(1));
  }

  User user(String sub, Duration life) {
    Subject subject = subject(sub, clock.instant().plus(life));
    Session session = new Session(subject, userToken(sub, life), new HitCounters());
    return new User(session, subject.keyPart(RULE), subject.expiresAt().toEpochMilli());
  }

  Session.UserToken userToken(String sub, Duration life) {
    Instant end = clock.instant().plus(life);
    Secret text = Secret.of("CANARY-user-" + sub + "-" + end);
    TokenDigest kind = subject(sub, end).keyPart(RULE);
    return new Session.UserToken(text, text.digest(), kind, end.toEpochMilli());
  }

  static Subject subject(String sub, Instant expiresAt) {
    return new Subject(
        "https://idp.test",
        sub,
        "sid-" + sub,
        "agent",
        Set.of("openid"),
        null,
        null,
        null,
        expiresAt);
  }

  TokenRequest request(String sub, String server) {
    return request(user(sub), server);
  }

  static TokenRequest request(User user, String server) {
    return new TokenRequest(target(server), user, Duration.ZERO);
  }

  static TokenRequest stream(TokenRequest request) {
    return new TokenRequest(request.target(), request.user(), STREAM);
  }

  static User userOf(TokenRequest request) {
    return Objects.requireNonNull(request.user());
  }

  static TokenRequest withoutUser(String server) {
    return new TokenRequest(target(server), null, Duration.ZERO);
  }

  static Target target(String server) {
    return TARGETS.computeIfAbsent(
        server, name -> Target.of(server(name), exchange(name), issuer("corp")));
  }

  static GrantConfig exchange(String audience) {
    return new GrantConfig.TokenExchange(
        "corp",
        List.of(audience),
        List.of(),
        List.of("read"),
        null,
        "urn:ietf:params:oauth:token-type:access_token",
        null,
        null,
        null,
        null,
        null,
        Map.of());
  }

  static IssuerConfig issuer(String name) {
    return new IssuerConfig(
        name,
        URI.create("https://idp.test"),
        Profile.GENERIC,
        "valetkey",
        ClientAuthMethod.CLIENT_SECRET_BASIC,
        null,
        null,
        null,
        IssuerConfig.AssertionAudience.ISSUER,
        null,
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        null,
        null,
        null,
        false,
        false,
        Map.of(),
        new TlsConfig(null, null, null, null),
        Duration.ofSeconds(8),
        16,
        null);
  }

  static ServerConfig server(String name) {
    URI url = URI.create("https://" + name + ".test/mcp");
    return new ServerConfig(
        name,
        url,
        List.of(),
        new ServerConfig.UpstreamConfig(name + ".test:443", null),
        false,
        exchange(name),
        new GrantConfig.Refuse(),
        new ExpectConfig(
            null,
            List.of(name),
            ExpectConfig.Sub.SAME,
            null,
            null,
            ExpectConfig.Act.OPTIONAL,
            null,
            ExpectConfig.Format.ANY,
            List.of(),
            ExpectConfig.TokenType.REQUIRED),
        List.of(),
        List.of(),
        null,
        MARGIN,
        Duration.ZERO,
        STREAM);
  }

  @Override
  public void close() {
    issuer.open();
    cache.close();
  }
}
