package dev.valetkey.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How tokens for a server are acquired: a closed set (design.md §5), told apart by {@code type}.
 */
public sealed interface GrantConfig {

  /** Whether a token can be had without a verified user. */
  default boolean needsUser() {
    return switch (this) {
      case TokenExchange exchange -> true;
      case ClientCredentials credentials -> false;
      case Static file -> false;
      case None none -> false;
      case Refuse refuse -> false;
    };
  }

  /** Whether another token may be had after the server refused one; decides about the retry hop. */
  default boolean renewable() {
    return switch (this) {
      case TokenExchange exchange -> true;
      case ClientCredentials credentials -> true;
      case Static file -> false;
      case None none -> false;
      case Refuse refuse -> false;
    };
  }

  /** Name of the issuer that is asked; null if none is. */
  default @Nullable String issuerName() {
    return switch (this) {
      case TokenExchange exchange -> exchange.issuer();
      case ClientCredentials credentials -> credentials.issuer();
      case Static file -> null;
      case None none -> null;
      case Refuse refuse -> null;
    };
  }

  /**
   * RFC 8693, the default.
   *
   * @param audience empty: not sent
   * @param resource empty: not sent
   * @param scope empty: not sent
   * @param requestedTokenType full URN; null: not sent
   * @param subjectTokenType full URN
   * @param actorTokenFile null: no actor token is sent
   * @param actorTokenType full URN; null exactly where there is no actor token (RFC 8693 §2.1)
   */
  record TokenExchange(
      @Key(doc = "name of the issuer", derived = "the only one") String issuer,
      @Key(doc = "`audience`, one or a list") List<String> audience,
      @Key(doc = "`resource`, one or a list; `[]` leaves it out", derived = "the server's `url`")
          List<URI> resource,
      @Key(doc = "`scope`, text or list", form = Form.SCOPE) List<String> scope,
      @Key(doc = "`requested_token_type`, short name or URN", form = Form.TOKEN_TYPE)
          @Nullable String requestedTokenType,
      @Key(
              doc = "`subject_token_type`, short name or URN",
              initial = "access_token",
              form = Form.TOKEN_TYPE)
          String subjectTokenType,
      @Key(doc = "file with the `actor_token`", form = Form.SECRET_FILE)
          @Nullable Path actorTokenFile,
      @Key(
              doc = "`actor_token_type`, short name or URN; only with `actor_token_file`",
              derived = "`jwt` with `actor_token_file`",
              form = Form.TOKEN_TYPE)
          @Nullable String actorTokenType,
      @Key(doc = "further form fields; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements GrantConfig {
    public TokenExchange {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }
  }

  /**
   * RFC 6749 §4.4: a token for the workload itself.
   *
   * @param audience empty: not sent
   * @param resource empty: not sent (RFC 8707)
   * @param scope empty: not sent
   */
  record ClientCredentials(
      @Key(doc = "name of the issuer", derived = "the only one") String issuer,
      @Key(doc = "`audience`, one or a list") List<String> audience,
      @Key(doc = "`resource`, one or a list; `[]` leaves it out", derived = "the server's `url`")
          List<URI> resource,
      @Key(doc = "`scope`, text or list", form = Form.SCOPE) List<String> scope,
      @Key(doc = "further form fields; never a name that the grant itself sends")
          Map<String, String> extraParameters)
      implements GrantConfig {
    public ClientCredentials {
      audience = List.copyOf(audience);
      resource = List.copyOf(resource);
      scope = List.copyOf(scope);
      extraParameters = Map.copyOf(extraParameters);
    }
  }

  /** A token from a file, which is read again when it changes. */
  record Static(
      @Key(doc = "file with the token", form = Form.SECRET_FILE) Path tokenFile,
      @Key(doc = "written before the token", initial = "Bearer") String scheme)
      implements GrantConfig {}

  /** A public server: the user token is removed, nothing is added. */
  record None() implements GrantConfig {}

  /** Every call is refused. */
  record Refuse() implements GrantConfig {}
}
