package dev.valetkey.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
            doc =
                "grants that other grants name in `subject_token_from` and `actor_token_from`, by a name of your choice")
        Map<String, GrantConfig> grants,
    @Key(
            doc = "whose tokens count as a user's",
            derived =
                "every issuer used by a grant that needs a user, for tokens made for its `client_id`")
        List<UserRule> users,
    @Key(doc = "where the user token of an outbound call is looked for") UserTokenConfig userToken,
    @Key(doc = "users' calls of the agent, checked before it gets them; absent: not looked at")
        @Nullable InboundConfig inbound,
    @Key(doc = "TLS of the agent to the servers, opened in the pod; absent: not opened")
        @Nullable InterceptConfig intercept,
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
    grants = Collections.unmodifiableMap(new LinkedHashMap<>(grants));
    users = List.copyOf(users);
    servers = Collections.unmodifiableMap(new LinkedHashMap<>(servers));
  }

  /** The token brokers that servers name. */
  public List<GrantConfig.TokenBroker> brokers() {
    return Stream.concat(
            grants.values().stream(), servers.values().stream().map(ServerConfig::grant))
        .filter(GrantConfig.TokenBroker.class::isInstance)
        .map(GrantConfig.TokenBroker.class::cast)
        .distinct()
        .toList();
  }

  /**
   * Every file that is named here and whose content matters: secrets, keys, certificates. Not the
   * configuration itself.
   */
  public Set<Path> files() {
    Stream<Path> ofIssuers = issuers.values().stream().flatMap(IssuerConfig::files);
    Stream<Path> ofGrants = grants.values().stream().flatMap(grant -> grant.files().stream());
    Stream<Path> ofServers = servers.values().stream().flatMap(ServerConfig::files);
    Stream<Path> ofListen = listen.tls() == null ? Stream.of() : listen.tls().files();
    return Stream.of(ofIssuers, ofGrants, ofServers, ofListen)
        .flatMap(files -> files)
        .collect(Collectors.toUnmodifiableSet());
  }
}
