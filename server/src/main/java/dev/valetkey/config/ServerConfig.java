package dev.valetkey.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One upstream MCP server.
 *
 * @param name its key in the file
 * @param url the canonical resource: where the call goes and what the token is for
 * @param aliases other addresses under which the agent may call it, with the same path
 * @param upstream how Envoy gets there
 * @param allowHttp whether {@code url} may be plain http. Default false
 * @param grant how its tokens are acquired
 * @param withoutUser what happens when no user token is present: a grant that needs no user, or {@link GrantConfig.Refuse} (default)
 * @param expect what an issued token must show
 * @param earlyExpiry a token counts as expired this long before it is; clamped to a third of its life. Default 60 s
 * @param defaultLifetime of a token that does not say; zero (default): used once, not kept
 * @param streamMinLifetime remaining life wanted for streams. Default 5 min
 */
public record ServerConfig(
    String name,
    URI url,
    List<URI> aliases,
    UpstreamConfig upstream,
    boolean allowHttp,
    GrantConfig grant,
    GrantConfig withoutUser,
    ExpectConfig expect,
    Duration earlyExpiry,
    Duration defaultLifetime,
    Duration streamMinLifetime) {

  /**
   * How Envoy reaches a server.
   *
   * @param address host:port that Envoy dials; default from {@code url}
   * @param tls null where {@code url} is http
   */
  public record UpstreamConfig(String address, @Nullable TlsConfig tls) {}
}
