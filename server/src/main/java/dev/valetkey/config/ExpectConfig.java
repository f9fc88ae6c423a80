package dev.valetkey.config;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an issued token must show (design.md §5). The record holds what is checked: defaults that
 * follow from the grant are filled in when the file is read.
 *
 * @param iss null: not checked
 * @param audience the first is demanded, the others may stand there; empty: not checked
 * @param scope null: not checked; never empty
 * @param actSub null: not checked
 * @param issuedTokenType full URNs; empty: not checked
 */
public record ExpectConfig(
    @Key(
            doc = "`iss`",
            derived = "the grant's issuer; `brokered_token` and `token_broker`: not checked")
        @Nullable URI iss,
    @Key(
            doc = "the first must be in `aud`, the others may be; `[]`: not checked",
            derived =
                "the grant's `audience`, else its `resource`; `id_jag`: its `resource`; `brokered_token` and `token_broker`: not checked")
        List<String> audience,
    @Key(
            doc = "`sub` must be the user's, where the grant has a user",
            derived = "`any` for `brokered_token` and `token_broker`, `same` for other grants")
        Sub sub,
    @Key(
            doc =
                "claim that must be the same in the user's token and in the issued one, for issuers whose `sub` differs from client to client")
        @Nullable String userClaim,
    @Key(
            doc = "what `scope` may hold; `[]`: not checked",
            derived =
                "what the grant asks for, and openid, profile, email; not checked where it asks for none, nor for `brokered_token`",
            form = Form.SCOPE)
        @Nullable List<String> scope,
    @Key(doc = "whether `act` must be there", derived = "required where an actor token is sent")
        Act act,
    @Key(doc = "`sub` of the outermost `act`, where there is one") @Nullable String actSub,
    @Key(
            doc = "whether the token must be a JWT",
            derived = "`jwt` for `token_exchange`, `any` for other grants")
        Format format,
    @Key(
            doc =
                "`issued_token_type` must be one of these, short names or URNs; `[]`: not checked",
            derived =
                "`token_exchange`: what it requests, else `access_token` or `jwt`; others: not checked",
            form = Form.TOKEN_TYPE)
        List<String> issuedTokenType,
    @Key(
            doc = "whether the answer must name its `token_type`",
            derived =
                "`optional` for `brokered_token` and `token_broker`, `required` for other grants")
        TokenType tokenType) {
  public ExpectConfig {
    audience = List.copyOf(audience);
    scope = scope == null || scope.isEmpty() ? null : List.copyOf(scope);
    issuedTokenType = List.copyOf(issuedTokenType);
  }

  /** What {@code sub} is compared with. */
  public enum Sub {
    /** The user's {@code sub}, or nothing where the grant has no user. */
    SAME,
    /** Not compared. */
    ANY
  }

  /** Whether {@code act} is demanded. */
  public enum Act {
    REQUIRED,
    OPTIONAL
  }

  /** Which tokens are accepted. */
  public enum Format {
    JWT,
    ANY
  }

  /** Whether {@code token_type} is demanded. */
  public enum TokenType {
    REQUIRED,
    OPTIONAL
  }

  /**
   * What is checked when the file says nothing.
   *
   * @param issuer identifier of the grant's issuer; null where it asks none
   */
  public static ExpectConfig defaultFor(GrantConfig grant, @Nullable URI issuer) {
    return switch (grant) {
      case GrantConfig.TokenExchange exchange ->
          new ExpectConfig(
              issuer,
              audience(exchange.audience(), exchange.resource()),
              Sub.SAME,
              null,
              scope(exchange.scope()),
              exchange.actorTokenType() == null ? Act.OPTIONAL : Act.REQUIRED,
              null,
              Format.JWT,
              exchange.requestedTokenType() == null
                  ? List.of(TokenTypes.ACCESS_TOKEN, TokenTypes.JWT)
                  : List.of(exchange.requestedTokenType()),
              TokenType.REQUIRED);
      case GrantConfig.ClientCredentials credentials ->
          issued(issuer, audience(credentials.audience(), credentials.resource()), credentials);
      case GrantConfig.JwtBearer bearer ->
          issued(issuer, audience(bearer.audience(), bearer.resource()), bearer);
      // Its audience is the server's issuer and not the server (R-EX-2).
      case GrantConfig.IdJag jag -> issued(issuer, audience(List.of(), jag.resource()), jag);
      case GrantConfig.BrokeredToken brokered -> NOTHING;
      case GrantConfig.TokenBroker broker -> NOTHING;
      case GrantConfig.Static file -> NOTHING;
      case GrantConfig.None none -> NOTHING;
      case GrantConfig.Refuse refuse -> NOTHING;
    };
  }

  /** This with another {@code iss}. */
  public ExpectConfig withIss(URI other) {
    return new ExpectConfig(
        other, audience, sub, userClaim, scope, act, actSub, format, issuedTokenType, tokenType);
  }

  /** This with another {@code scope}. */
  public ExpectConfig withScope(@Nullable List<String> other) {
    return new ExpectConfig(
        iss, audience, sub, userClaim, other, act, actSub, format, issuedTokenType, tokenType);
  }

  /** What is left to check of a token that only another issuer will read. */
  public ExpectConfig ofIntermediate() {
    return new ExpectConfig(
        iss,
        audience,
        sub,
        userClaim,
        scope,
        act,
        actSub,
        Format.ANY,
        issuedTokenType,
        TokenType.OPTIONAL);
  }

  private static final ExpectConfig NOTHING =
      new ExpectConfig(
          null,
          List.of(),
          Sub.ANY,
          null,
          null,
          Act.OPTIONAL,
          null,
          Format.ANY,
          List.of(),
          TokenType.OPTIONAL);

  private static ExpectConfig issued(
      @Nullable URI issuer, List<String> audience, GrantConfig.Asking grant) {
    return new ExpectConfig(
        issuer,
        audience,
        Sub.SAME,
        null,
        scope(grant.scope()),
        Act.OPTIONAL,
        null,
        Format.ANY,
        List.of(),
        TokenType.REQUIRED);
  }

  private static List<String> audience(List<String> audience, List<URI> resource) {
    return audience.isEmpty() ? resource.stream().map(URI::toString).toList() : audience;
  }

  private static @Nullable List<String> scope(List<String> asked) {
    if (asked.isEmpty()) {
      return null;
    }
    List<String> allowed = new ArrayList<>(asked);
    allowed.addAll(List.of("openid", "profile", "email"));
    return allowed.stream().distinct().toList();
  }
}
