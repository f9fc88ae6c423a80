package dev.valetkey.config;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an issued token must show (design.md §5). The record holds what is checked: defaults that
 * follow from the grant are filled in when the file is read.
 *
 * @param iss {@code iss}; default: the grant's issuer
 * @param audience the first is demanded in {@code aud}, the others may stand there; empty: not
 *     checked. Default: the grant's {@code audience}, then its {@code resource}
 * @param sub whether {@code sub} must be the user's
 * @param scope what {@code scope} may hold; null: not checked. Default: what the grant asks for,
 *     with openid, profile, email; null where it asks for none
 * @param act whether {@code act} must be there; default: where an actor token is sent
 * @param format whether the token must be a JWT; default: jwt for token_exchange, any for other
 *     grants
 */
public record ExpectConfig(
    @Nullable URI iss,
    List<String> audience,
    Sub sub,
    @Nullable List<String> scope,
    Act act,
    Format format) {

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
}
