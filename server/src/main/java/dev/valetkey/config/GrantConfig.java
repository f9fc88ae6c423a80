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
   * @param issuer name of the issuer. Default: the only one
   * @param audience {@code audience}, repeated for each; empty: not sent
   * @param resource {@code resource}, repeated for each; empty: not sent. Default: the server's url
   * @param scope {@code scope}; empty: not sent
   * @param requestedTokenType full URN; null: not sent
   * @param subjectTokenType full URN. Default {@code urn:ietf:params:oauth:token-type:access_token}
   * @param actorTokenFile file with the {@code actor_token}; null: none is sent
   * @param actorTokenType full URN; null exactly where there is no actor token (RFC 8693 §2.1)
   * @param extraParameters further form fields; never a name that the grant itself sends
   */
  record TokenExchange(
      String issuer,
      List<String> audience,
      List<URI> resource,
      List<String> scope,
      @Nullable String requestedTokenType,
      String subjectTokenType,
      @Nullable Path actorTokenFile,
      @Nullable String actorTokenType,
      Map<String, String> extraParameters)
      implements GrantConfig {}

  /**
   * RFC 6749 §4.4: a token for the workload itself.
   *
   * @param issuer name of the issuer. Default: the only one
   * @param audience {@code audience}; empty: not sent
   * @param resource {@code resource} (RFC 8707); empty: not sent. Default: the server's url
   * @param scope {@code scope}; empty: not sent
   * @param extraParameters further form fields; never a name that the grant itself sends
   */
  record ClientCredentials(
      String issuer,
      List<String> audience,
      List<URI> resource,
      List<String> scope,
      Map<String, String> extraParameters)
      implements GrantConfig {}

  /**
   * A token from a file.
   *
   * @param tokenFile re-read when it changes
   * @param scheme written before the token. Default {@code Bearer}
   */
  record Static(Path tokenFile, String scheme) implements GrantConfig {}

  /** A public server: the user token is removed, nothing is added. */
  record None() implements GrantConfig {}

  /** Every call is refused. */
  record Refuse() implements GrantConfig {}
}
