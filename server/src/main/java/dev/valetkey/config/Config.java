package dev.valetkey.config;

import java.util.List;
import java.util.Map;

/**
 * The whole file, complete and consistent: defaults are filled in and every name refers to
 * something that is there.
 *
 * @param issuers by name, in the file's order
 * @param users whose tokens count as a user's; never empty where a grant needs a user
 * @param servers by name, in the file's order
 */
public record Config(
    ListenConfig listen,
    EnvoyConfig envoy,
    AdminConfig admin,
    AuditConfig audit,
    Map<String, IssuerConfig> issuers,
    List<UserRule> users,
    UserTokenConfig userToken,
    Map<String, ServerConfig> servers,
    UnlistedHosts unlistedHosts,
    CacheConfig cache) {}
