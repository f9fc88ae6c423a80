package dev.valetkey.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The whole file, complete and consistent: defaults are filled in and every name refers to
 * something that is there. Maps keep the file's order. {@code users} is empty only where no grant
 * needs a user.
 */
public record Config(
    @Key(doc = "what Envoy connects to") ListenConfig listen,
    @Key(doc = "what `valetkey envoy` prints; not used by the running sidecar") EnvoyConfig envoy,
    @Key(doc = "where operators ask this sidecar how it is") AdminConfig admin,
    @Key(doc = "what the audit lines say") AuditConfig audit,
    @Key(doc = "issuers of tokens and who we are there, by a name of your choice")
        Map<String, IssuerConfig> issuers,
    @Key(
            doc = "whose tokens count as a user's",
            derived =
                "every issuer used by a grant that needs a user, for tokens made for its `client_id`")
        List<UserRule> users,
    @Key(doc = "where the user token of an outbound call is looked for") UserTokenConfig userToken,
    @Key(doc = "upstream MCP servers, by a name of your choice", filled = true)
        Map<String, ServerConfig> servers,
    @Key(
            doc =
                "calls for hosts that are not servers: the user token is removed and everything else passes, or they are refused",
            initial = "remove_user_token")
        UnlistedHosts unlistedHosts,
    @Key(doc = "how much the token cache may keep") CacheConfig cache) {
  public Config {
    issuers = Collections.unmodifiableMap(new LinkedHashMap<>(issuers));
    users = List.copyOf(users);
    servers = Collections.unmodifiableMap(new LinkedHashMap<>(servers));
  }

  /**
   * Every file that is named here and whose content matters: secrets, keys, certificates. Not the
   * configuration itself.
   */
  public Set<Path> files() {
    Stream<@Nullable Path> ofIssuers =
        issuers.values().stream()
            .flatMap(issuer ->
                Stream.of(
                    issuer.clientSecretFile(), issuer.privateKeyFile(), issuer.tls().caFile()));
    Stream<@Nullable Path> ofServers =
        servers.values().stream()
            .flatMap(server ->
                Stream.of(
                    fileOf(server.grant()), fileOf(server.withoutUser()), caOf(server.upstream())));
    return Stream.concat(ofIssuers, ofServers)
        .filter(Objects::nonNull)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static @Nullable Path fileOf(GrantConfig grant) {
    return switch (grant) {
      case GrantConfig.TokenExchange exchange -> exchange.actorTokenFile();
      case GrantConfig.Static file -> file.tokenFile();
      case GrantConfig.ClientCredentials credentials -> null;
      case GrantConfig.None none -> null;
      case GrantConfig.Refuse refuse -> null;
    };
  }

  private static @Nullable Path caOf(ServerConfig.UpstreamConfig upstream) {
    TlsConfig tls = upstream.tls();
    return tls == null ? null : tls.caFile();
  }
}
