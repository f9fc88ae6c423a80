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
 * @param scope null: not checked
 */
public record ExpectConfig(
    @Key(doc = "`iss`", derived = "the grant's issuer") @Nullable URI iss,
    @Key(
            doc = "the first must be in `aud`, the others may be; `[]`: not checked",
            derived = "the grant's `audience`, else its `resource`")
        List<String> audience,
    @Key(doc = "`sub` must be the user's, where the grant has a user", initial = "same") Sub sub,
    @Key(
            doc = "what `scope` may hold",
            derived =
                "what the grant asks for, and openid, profile, email; not checked where it asks for none",
            form = Form.SCOPE)
        @Nullable List<String> scope,
    @Key(doc = "whether `act` must be there", derived = "required where an actor token is sent")
        Act act,
    @Key(
            doc = "whether the token must be a JWT",
            derived = "`jwt` for `token_exchange`, `any` for other grants")
        Format format) {
  public ExpectConfig {
    audience = List.copyOf(audience);
    scope = scope == null ? null : List.copyOf(scope);
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
              scope(exchange.scope()),
              exchange.actorTokenFile() == null ? Act.OPTIONAL : Act.REQUIRED,
              Format.JWT);
      case GrantConfig.ClientCredentials credentials ->
          new ExpectConfig(
              issuer,
              audience(credentials.audience(), credentials.resource()),
              Sub.SAME,
              scope(credentials.scope()),
              Act.OPTIONAL,
              Format.ANY);
      case GrantConfig.Static file -> NOTHING;
      case GrantConfig.None none -> NOTHING;
      case GrantConfig.Refuse refuse -> NOTHING;
    };
  }

  private static final ExpectConfig NOTHING =
      new ExpectConfig(null, List.of(), Sub.SAME, null, Act.OPTIONAL, Format.ANY);

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
