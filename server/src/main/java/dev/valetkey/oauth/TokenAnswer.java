package dev.valetkey.oauth;

import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a token endpoint made of a form. */
public sealed interface TokenAnswer {

  /**
   * A token (RFC 6749 §5.1). Its bytes fit a header; nothing else about it was checked.
   *
   * @param type how it is used
   * @param issuedTokenType {@code issued_token_type} (RFC 8693 §2.2.1); null if absent
   * @param expiresIn seconds from now; zero: it has expired already; empty: not said
   * @param scope {@code scope}, split; null if absent, which means: as asked
   */
  record Success(
      Secret accessToken,
      Type type,
      @Nullable String issuedTokenType,
      OptionalLong expiresIn,
      @Nullable Set<String> scope)
      implements TokenAnswer {
    public Success {
      scope = scope == null ? null : Set.copyOf(scope);
    }
  }

  /** {@code token_type} (RFC 6749 §7.1, RFC 9449 §5, RFC 8693 §2.2.1). */
  enum Type {
    BEARER,
    DPOP,
    /** {@code N_A}: not to be shown to a server. */
    NOT_APPLICABLE,
    /** The answer does not say. */
    UNSAID
  }

  /**
   * The issuer said no (RFC 6749 §5.2).
   *
   * @param code the OAuth error code; {@code other} where it is not made of a-z and underscores
   * @param status of the response
   */
  record Refused(String code, int status) implements TokenAnswer {}

  /**
   * There is no answer that counts.
   *
   * @param retryAfter when asking again may help; between 1 s and 5 min
   */
  record Unavailable(TokenOutcome.Cause cause, Duration retryAfter)
      implements TokenAnswer, Introspected {}
}
