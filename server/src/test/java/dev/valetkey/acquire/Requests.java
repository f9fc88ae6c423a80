package dev.valetkey.acquire;

import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Secret;
import dev.valetkey.token.Session;
import dev.valetkey.token.Subject;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Questions for tokens, as the gate would ask them. */
final class Requests {
  static final String ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
  static final String JWT = "urn:ietf:params:oauth:token-type:jwt";

  private Requests() {}

  static GrantConfig.TokenExchange exchange(List<String> scope) {
    return new GrantConfig.TokenExchange(
        "corp",
        List.of("github-mcp"),
        List.of(URI.create("https://mcp.github.example/mcp")),
        scope,
        null,
        ACCESS_TOKEN,
        null,
        null,
        null,
        null,
        null,
        Map.of());
  }

  /** What is expected where the file says nothing. */
  static ExpectConfig expected(GrantConfig grant, IssuerConfig issuer) {
    return ExpectConfig.defaultFor(grant, issuer.issuer());
  }

  static TokenRequest request(
      GrantConfig grant,
      ExpectConfig expect,
      @Nullable IssuerConfig issuer,
      @Nullable User user,
      Duration defaultLifetime) {
    ServerConfig server =
        new ServerConfig(
            "github",
            URI.create("https://mcp.github.example/mcp"),
            List.of(),
            new ServerConfig.UpstreamConfig("mcp.github.example:443", null),
            false,
            grant,
            new GrantConfig.Refuse(),
            expect,
            List.of(),
            List.of(),
            null,
            Duration.ofSeconds(60),
            defaultLifetime,
            Duration.ofMinutes(5));
    return new TokenRequest(Target.of(server, grant, issuer), user, Duration.ZERO);
  }

  /** A verified user with this token. */
  static User user(String issuer, String sub, String token) {
    Instant end = Instant.now().plusSeconds(300);
    Subject subject = new Subject(issuer, sub, "s1", null, Set.of(), null, null, null, end);
    TokenDigest kind = subject.keyPart(new TokenDigest(1, 2, 3, 4));
    Secret text = Secret.of(token);
    Session session =
        new Session(
            subject,
            new Session.UserToken(text, text.digest(), kind, end.toEpochMilli()),
            new HitCounters());
    return new User(session, kind, end.toEpochMilli());
  }
}
