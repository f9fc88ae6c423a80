package dev.valetkey.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One upstream MCP server.
 *
 * @param name its key in the file
 * @param url canonical: scheme and host in lower case, no default port, no trailing slash unless
 *     the path is one
 * @param withoutUser a grant that needs no user, or {@link GrantConfig.Refuse}
 * @param discovery null: the file says everything
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
                "scope by MCP tool, the first match wins; for calls of protocol version 2026-07-28 or later, whose servers verify the headers")
        List<ToolRule> tools,
    @Key(
            doc = "what a server's `insufficient_scope` may add to the scope of the next token",
            form = Form.SCOPE)
        List<String> stepUpScope,
    @Key(doc = "find issuer and scope in the server's own metadata (RFC 9728)")
        @Nullable DiscoveryConfig discovery,
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
    tools = List.copyOf(tools);
    stepUpScope = List.copyOf(stepUpScope);
  }

  /** Every file that is named here. */
  Stream<Path> files() {
    Stream<Path> ofGrants = Stream.concat(grant.files().stream(), withoutUser.files().stream());
    Stream<@Nullable Path> named = Stream.of(discovery == null ? null : discovery.caFile());
    return Stream.of(
            ofGrants,
            upstream.tls() == null ? Stream.<Path>of() : upstream.tls().files(),
            named.filter(Objects::nonNull).map(Objects::requireNonNull))
        .flatMap(files -> files);
  }

  /** The scope for calls of some tools. */
  public record ToolRule(
      @Key(doc = "name of the tool; a `*` in it stands for any characters", filled = true)
          String name,
      @Key(doc = "replaces the grant's `scope`, text or list", form = Form.SCOPE, filled = true)
          List<String> scope) {
    public ToolRule {
      scope = List.copyOf(scope);
    }
  }

  /**
   * How far a server's own word about its issuer is believed.
   *
   * @param caFile null: the platform's certificates
   */
  public record DiscoveryConfig(
      @Key(doc = "names of the issuers that the server may choose from", filled = true)
          List<String> issuers,
      @Key(
              doc =
                  "blocks of private addresses that may be asked for metadata, such as `10.0.0.0/8`; every other private address is refused")
          List<AddressBlock> allowedAddresses,
      @Key(doc = "ask plain http on loopback, for tests", initial = "false")
          boolean allowLoopbackHttp,
      @Key(
              doc =
                  "PEM bundle of the certificate authorities that are trusted instead of the platform's",
              form = Form.CA_FILE)
          @Nullable Path caFile) {
    public DiscoveryConfig {
      issuers = List.copyOf(issuers);
      allowedAddresses = List.copyOf(allowedAddresses);
    }
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
