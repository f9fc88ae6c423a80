package dev.valetkey.token;

import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ServerConfig;
import org.jspecify.annotations.Nullable;

/**
 * A server and the grant that gets its tokens, made ready when the configuration is loaded. A
 * server with {@code without_user} has two.
 *
 * @param server the server the token is for
 * @param grant how it is acquired: the server's grant or its {@code without_user} grant
 * @param issuer where; null for grants that ask nobody
 * @param expect what an issued token must show: the server's {@code expect} speaks of its grant, a
 *     {@code without_user} grant has the defaults
 * @param keyPart the target part of the cache key
 */
public record Target(
    ServerConfig server,
    GrantConfig grant,
    @Nullable IssuerConfig issuer,
    ExpectConfig expect,
    TokenDigest keyPart) {

  /**
   * Makes the target of {@code grant} at {@code server} and computes its part of the cache key
   * (design.md §6).
   */
  public static Target of(ServerConfig server, GrantConfig grant, @Nullable IssuerConfig issuer) {
    Fields fields = new Fields().add(server.name());
    if (issuer == null) {
      fields.add(null);
    } else {
      fields
          .add(issuer.issuer().toString())
          .add(String.valueOf(issuer.tokenEndpoint()))
          .add(issuer.clientId())
          .add(issuer.tokenEndpointAuthMethod().name());
    }
    ExpectConfig expect =
        grant.equals(server.grant())
            ? server.expect()
            : ExpectConfig.defaultFor(grant, issuer == null ? null : issuer.issuer());
    fields.addValue(grant).addValue(expect);
    return new Target(server, grant, issuer, expect, fields.digest());
  }
}
