package dev.valetkey.gate;

import dev.valetkey.config.AdminConfig;
import dev.valetkey.config.AuditConfig;
import dev.valetkey.config.CacheConfig;
import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.Config;
import dev.valetkey.config.EnvoyConfig;
import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ListenConfig;
import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.Profile;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.ServerConfig.UpstreamConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.config.UnlistedHosts;
import dev.valetkey.config.UserRule;
import dev.valetkey.config.UserTokenConfig;
import dev.valetkey.config.UserTokenSource;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Configurations as the smallest useful file makes them. */
public final class Configs {
  public static final GrantConfig NONE = new GrantConfig.None();
  public static final GrantConfig REFUSE = new GrantConfig.Refuse();
  public static final GrantConfig STATIC =
      new GrantConfig.Static(Path.of("/run/secrets/key"), "Bearer");
  public static final GrantConfig CLIENT_CREDENTIALS =
      new GrantConfig.ClientCredentials(
          "corp", List.of("github-mcp"), List.of(), List.of(), Map.of());
  public static final GrantConfig EXCHANGE =
      new GrantConfig.TokenExchange(
          "corp",
          List.of("github-mcp"),
          List.of(URI.create("https://mcp.github.example/mcp")),
          List.of("repo:read"),
          null,
          "urn:ietf:params:oauth:token-type:access_token",
          null,
          null,
          null,
          null,
          null,
          Map.of());

  private Configs() {}

  public static IssuerConfig issuer(String name) {
    return new IssuerConfig(
        name,
        URI.create("https://idp.example.com/realms/" + name),
        Profile.GENERIC,
        "travel-agent",
        ClientAuthMethod.CLIENT_SECRET_BASIC,
        Path.of("/run/secrets/" + name),
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
        TlsConfig.DEFAULT,
        Duration.ofSeconds(8),
        16,
        null);
  }

  public static ServerConfig server(String name, String url, GrantConfig grant) {
    return server(name, url, grant, REFUSE);
  }

  public static ServerConfig server(
      String name, String url, GrantConfig grant, GrantConfig withoutUser, String... aliases) {
    return new ServerConfig(
        name,
        URI.create(url),
        List.of(aliases).stream().map(URI::create).toList(),
        new UpstreamConfig("mcp.example:443", TlsConfig.DEFAULT),
        false,
        grant,
        withoutUser,
        new ExpectConfig(
            null,
            List.of(),
            ExpectConfig.Sub.SAME,
            null,
            null,
            ExpectConfig.Act.OPTIONAL,
            null,
            ExpectConfig.Format.JWT,
            List.of(),
            ExpectConfig.TokenType.REQUIRED),
        List.of(),
        List.of(),
        null,
        Duration.ofSeconds(60),
        Duration.ZERO,
        Duration.ofMinutes(5));
  }

  /** The same server with scopes by tool. */
  static ServerConfig withTools(ServerConfig server, ServerConfig.ToolRule... rules) {
    return new ServerConfig(
        server.name(),
        server.url(),
        server.aliases(),
        server.upstream(),
        server.allowHttp(),
        server.grant(),
        server.withoutUser(),
        server.expect(),
        List.of(rules),
        server.stepUpScope(),
        server.discovery(),
        server.earlyExpiry(),
        server.defaultLifetime(),
        server.streamMinLifetime());
  }

  /** Servers, with the user token looked for in {@code Authorization}. */
  public static Config of(ServerConfig... servers) {
    return of(
        UnlistedHosts.REMOVE_USER_TOKEN, List.of(new UserTokenSource.Authorization()), servers);
  }

  public static Config of(
      UnlistedHosts unlisted, List<UserTokenSource> sources, ServerConfig... servers) {
    Map<String, ServerConfig> byName = new LinkedHashMap<>();
    for (ServerConfig server : servers) {
      byName.put(server.name(), server);
    }
    return new Config(
        new ListenConfig(Path.of("/run/valetkey/authz.sock"), 0660, List.of(0)),
        new EnvoyConfig(
            "127.0.0.1:15001",
            Path.of("/run/valetkey/envoy-admin.sock"),
            "[::]:15006",
            "127.0.0.1:8080",
            EnvoyConfig.OtherTls.PASS,
            List.of(25),
            List.of(1337, 1338),
            null,
            null),
        new AdminConfig(Path.of("/run/valetkey/admin.sock"), "0.0.0.0:9464"),
        new AuditConfig(AuditConfig.Hits.SUMMARY, AuditConfig.SubjectForm.PLAIN),
        Map.of("corp", issuer("corp")),
        Map.of(),
        List.of(
            new UserRule(
                "corp",
                List.of("travel-agent"),
                List.of("RS256"),
                "sid",
                false,
                OpaqueTokens.REFUSE,
                false,
                List.of())),
        new UserTokenConfig(sources),
        null,
        null,
        byName,
        unlisted,
        new CacheConfig(10_000, 64 << 20));
  }
}
