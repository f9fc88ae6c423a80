package dev.valetkey.token;

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
 * @param keyPart the target part of the cache key
 */
public record Target(
    ServerConfig server, GrantConfig grant, @Nullable IssuerConfig issuer, TokenDigest keyPart) {

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
    fields.addValue(grant).addValue(server.expect());
    return new Target(server, grant, issuer, fields.digest());
  }
}
