package dev.valetkey.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One upstream MCP server.
 *
 * @param name its key in the file
 * @param url canonical: scheme and host in lower case, no default port, no trailing slash unless
 *     the path is one
 * @param withoutUser a grant that needs no user, or {@link GrantConfig.Refuse}
 * @param defaultLifetime zero: used once, not kept
 */
public record ServerConfig(
    String name,
    @Key(
            doc = "the canonical resource: where the call goes and what the token is for",
            form = Form.SERVER_URL)
        URI url,
    @Key(
            doc = "other addresses under which the agent may call it; the same path",
            form = Form.SERVER_URL)
        List<URI> aliases,
    @Key(doc = "how Envoy gets there", derived = "from `url`") UpstreamConfig upstream,
    @Key(
            doc =
                "accept plain http in `url`, with a warning: for a network that is protected otherwise",
            initial = "false")
        boolean allowHttp,
    @Key(doc = "how its tokens are acquired") GrantConfig grant,
    @Key(
            doc = "when no user token is present: `refuse`, or a grant that needs no user",
            initial = "refuse")
        GrantConfig withoutUser,
    @Key(doc = "what an issued token must show", derived = "from `grant`") ExpectConfig expect,
    @Key(
            doc =
                "a token counts as expired this long before it is; clamped to a third of its life",
            initial = "60s",
            min = "0s",
            max = "1h")
        Duration earlyExpiry,
    @Key(
            doc = "of a token that does not say; 0s: used once, not kept",
            initial = "0s",
            min = "0s",
            max = "24h")
        Duration defaultLifetime,
    @Key(doc = "remaining life wanted for streams", initial = "5m", min = "0s", max = "1h")
        Duration streamMinLifetime) {
  public ServerConfig {
    aliases = List.copyOf(aliases);
  }

  /**
   * How Envoy reaches a server.
   *
   * @param tls null where {@code url} is http
   */
  public record UpstreamConfig(
      @Key(doc = "host:port that Envoy dials", derived = "from `url`", form = Form.ADDRESS)
          String address,
      @Key(
              doc = "trust for that connection; only where `url` is https",
              derived = "the platform's certificates")
          @Nullable TlsConfig tls) {}
}
