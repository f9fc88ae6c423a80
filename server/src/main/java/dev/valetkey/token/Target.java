package dev.valetkey.token;

import dev.valetkey.config.Config;
import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.ServerConfig;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A server and the grant that gets its tokens, made ready when the configuration is loaded. A
 * server with {@code without_user} has two, and a grant that begins with another grant's token has
 * that one's target inside.
 *
 * @param server the server the token is for
 * @param grant how it is acquired
 * @param issuer where; null for grants that ask no issuer
 * @param expect what an issued token must show: the server's {@code expect} speaks of its grant,
 *     any other grant has the defaults
 * @param subject where the subject token comes from; null: it is the user's, or in a file
 * @param actor where the actor token comes from; null: there is none, or it is in a file
 * @param intermediate whether the token is only shown to another issuer and never to the server
 * @param keyPart the target part of the cache key
 */
public record Target(
    ServerConfig server,
    GrantConfig grant,
    @Nullable IssuerConfig issuer,
    ExpectConfig expect,
    @Nullable Target subject,
    @Nullable Target actor,
    boolean intermediate,
    TokenDigest keyPart) {

  /** The target of {@code grant} at {@code server}, with every grant and issuer that it names. */
  public static Target of(Config config, ServerConfig server, GrantConfig grant) {
    return of(config, server, grant, expect(server, grant, issuer(config, grant)), false);
  }

  /** The target of a grant that names no other grant. */
  public static Target of(ServerConfig server, GrantConfig grant, @Nullable IssuerConfig issuer) {
    return made(server, grant, issuer, expect(server, grant, issuer), null, null, false);
  }

  /** This target with another issuer, which the server itself named. */
  public Target at(IssuerConfig other) {
    GrantConfig asking = grant;
    ExpectConfig expected = expect;
    if (issuer != null) {
      asking = grant instanceof GrantConfig.IdJag jag ? jag.at(issuer, other) : grant;
      expected = issuer.issuer().equals(expect.iss()) ? expect.withIss(other.issuer()) : expect;
    }
    return made(server, asking, other, expected, subjectOf(asking), actor, intermediate);
  }

  /** This target asking for another scope; itself where the grant asks for none. */
  public Target scoped(List<String> scope) {
    if (!(grant instanceof GrantConfig.Asking asking) || asking.scope().equals(scope)) {
      return this;
    }
    GrantConfig.Asking other = asking.withScope(scope);
    boolean usual = Objects.equals(expect.scope(), ExpectConfig.defaultFor(asking, null).scope());
    ExpectConfig expected =
        usual ? expect.withScope(ExpectConfig.defaultFor(other, null).scope()) : expect;
    return made(server, other, issuer, expected, subjectOf(other), actor, intermediate);
  }

  /** Where the subject token comes from when {@code other} takes this grant's place. */
  private @Nullable Target subjectOf(GrantConfig other) {
    if (subject == null || !(other instanceof GrantConfig.IdJag jag)) {
      return subject;
    }
    GrantConfig first = jag.identityAssertion();
    ExpectConfig expected = expectOfIntermediate(first, subject.issuer());
    return made(server, first, subject.issuer(), expected, subject.subject(), null, true);
  }

  private static Target of(
      Config config,
      ServerConfig server,
      GrantConfig grant,
      ExpectConfig expect,
      boolean intermediate) {
    Target subject = null;
    Target actor = null;
    if (grant instanceof GrantConfig.IdJag jag) {
      subject = intermediate(config, server, jag.identityAssertion());
    } else if (grant instanceof GrantConfig.Asking asking) {
      subject = named(config, server, asking.subjectTokenFrom());
      actor = named(config, server, asking.actorTokenFrom());
    }
    return made(server, grant, issuer(config, grant), expect, subject, actor, intermediate);
  }

  private static @Nullable Target named(
      Config config, ServerConfig server, @Nullable String grant) {
    return grant == null
        ? null
        : intermediate(config, server, Objects.requireNonNull(config.grants().get(grant)));
  }

  private static Target intermediate(Config config, ServerConfig server, GrantConfig grant) {
    return of(config, server, grant, expectOfIntermediate(grant, issuer(config, grant)), true);
  }

  private static @Nullable IssuerConfig issuer(Config config, GrantConfig grant) {
    Map<String, IssuerConfig> issuers = config.issuers();
    return grant instanceof GrantConfig.Asking asking ? issuers.get(asking.issuer()) : null;
  }

  /**
   * What another issuer is shown need not be a JWT, nor name an audience that was not asked for.
   */
  private static ExpectConfig expectOfIntermediate(
      GrantConfig grant, @Nullable IssuerConfig issuer) {
    return ExpectConfig.defaultFor(grant, issuer == null ? null : issuer.issuer()).ofIntermediate();
  }

  private static ExpectConfig expect(
      ServerConfig server, GrantConfig grant, @Nullable IssuerConfig issuer) {
    return grant.equals(server.grant())
        ? server.expect()
        : ExpectConfig.defaultFor(grant, issuer == null ? null : issuer.issuer());
  }

  /** Computes the target part of the cache key (design.md §6). */
  private static Target made(
      ServerConfig server,
      GrantConfig grant,
      @Nullable IssuerConfig issuer,
      ExpectConfig expect,
      @Nullable Target subject,
      @Nullable Target actor,
      boolean intermediate) {
    Fields fields = new Fields().add(server.name()).addValue(server.url());
    if (issuer == null) {
      fields.add(null);
    } else {
      fields
          .add(issuer.issuer().toString())
          .add(String.valueOf(issuer.tokenEndpoint()))
          .add(issuer.clientId())
          .add(issuer.tokenEndpointAuthMethod().name())
          .addValue(issuer.dpopBoundAccessTokens());
    }
    fields
        .addValue(grant)
        .addValue(expect)
        .add(subject == null ? null : subject.keyPart().hex())
        .add(actor == null ? null : actor.keyPart().hex());
    return new Target(server, grant, issuer, expect, subject, actor, intermediate, fields.digest());
  }
}
