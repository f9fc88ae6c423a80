package dev.valetkey.call;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Why a request was refused. The code is public: it stands in the agent's answer, in metrics, audit
 * lines and docs/reasons.md, and never changes its meaning.
 */
public enum Reason {
  MALFORMED(400, "The request could not be read."),
  TOO_LARGE(400, "The request's headers are too large."),
  PATH_NOT_CANONICAL(400, "The request's path is not in canonical form."),

  NO_USER_TOKEN(401, "This call needs a signed-in user, and the request carries no user token."),
  SEVERAL_USER_TOKENS(401, "The request carries more than one user token."),
  USER_TOKEN_MALFORMED(401, "The user token is not a bearer token that can be read."),
  USER_TOKEN_TYPE(401, "The user token is not an access token."),
  USER_TOKEN_ALGORITHM(401, "The user token is signed in a way that is not accepted."),
  USER_TOKEN_ISSUER(401, "The user token comes from an issuer that is not accepted."),
  USER_TOKEN_SIGNATURE(401, "The user token's signature is not valid."),
  USER_TOKEN_AUDIENCE(401, "The user token is for another application."),
  USER_TOKEN_SUBJECT(401, "The user token names no user."),
  USER_TOKEN_EXPIRED(401, "The user's sign-in has expired. Sign in again."),
  USER_TOKEN_NOT_YET_VALID(401, "The user token is not valid yet."),
  USER_TOKEN_INACTIVE(401, "The user's sign-in no longer counts. Sign in again."),
  INVALID_GRANT(401, "The issuer no longer accepts the user's sign-in. Sign in again."),
  INVALID_REQUEST(401, "The issuer does not accept the user's sign-in for this server."),

  HANDLE_UNKNOWN(
      401, "The user whom the call was made for is not known here, or is gone. Sign in again."),
  INTERACTION_REQUIRED(401, "The issuer asks the user to sign in again or to consent first."),

  DIRECTION_UNKNOWN(403, "The proxy did not say what kind of call this is."),
  METHOD_REFUSED(403, "The HTTP method is not allowed."),
  UNLISTED_HOST(403, "The host is not one of the configured servers."),
  UNKNOWN_SERVER(403, "The proxy names a server that is not configured."),
  AUTHORITY_MISMATCH(403, "The host does not belong to the server that the proxy chose."),
  PATH_NOT_LISTED(403, "The path does not belong to a configured server."),
  SERVER_REFUSED(403, "Calls to this server are not allowed."),
  USER_TOKEN_LEAK(403, "The call would carry the user token to a host that is not a server."),
  AMBIGUOUS_USER(403, "The call could be any of several users'."),
  HANDLE_ELSEWHERE(403, "The user's handle does not count at this server."),
  SUBJECT_CONFLICT(403, "The request carries tokens of two different users."),
  INVALID_TARGET(403, "The issuer gives no tokens for this server."),
  INVALID_SCOPE(403, "The issuer does not grant the scope that this server needs."),
  ACCESS_DENIED(403, "The issuer does not allow this user or client a token for this server."),
  ISSUED_FORMAT(403, "The issued token is not a JWT."),
  ISSUED_ISSUER(403, "The issued token names another issuer."),
  ISSUED_AUDIENCE(403, "The issued token is not meant for this server."),
  ISSUED_EXTRA_AUDIENCE(403, "The issued token is meant for other servers too."),
  ISSUED_SUBJECT(403, "The issued token belongs to another user."),
  ISSUED_ACTOR(403, "The issued token does not name the actor."),
  MAY_ACT(403, "The user token does not allow this agent to act for the user."),
  ISSUER_NOT_ALLOWED(403, "The server's metadata names no issuer that it may have tokens of."),
  ISSUED_BINDING(403, "The issued token is bound to a key that this call cannot prove."),
  ISSUED_SCOPE(403, "The issued token allows more than was asked for."),
  ISSUED_EXPIRED(403, "The issued token has already expired."),
  UNKNOWN_RETRY(403, "The token that the server refused is not known here."),

  CONSENT_TIMEOUT(408, "The user did not answer the token broker in time."),
  BROKER_ERROR(502, "The token broker failed."),

  ISSUER_UNAVAILABLE(503, "The issuer cannot be reached."),
  SERVER_METADATA(503, "The server's metadata could not be read."),
  ISSUER_BUSY(503, "Too many calls to the issuer are waiting."),
  ISSUER_RATE_LIMIT(503, "The issuer asks to wait."),
  ISSUER_ANSWER(503, "The issuer's answer could not be used."),
  ISSUER_KEYS_UNAVAILABLE(503, "The issuer's keys could not be fetched."),
  DEADLINE(503, "The issuer did not answer in time."),
  INVALID_CLIENT(503, "The issuer does not accept this agent's client credentials."),
  UNAUTHORIZED_CLIENT(503, "The issuer does not allow this agent to ask for tokens this way."),
  ISSUER_ERROR(503, "The issuer answered with an error."),
  INTERNAL(503, "Something went wrong inside valetkey.");

  private final int status;
  private final String message;
  private final String code;

  Reason(int status, String message) {
    this.status = status;
    this.message = message;
    this.code = name().toLowerCase(Locale.ROOT);
  }

  /** HTTP status of the answer. */
  public int status() {
    return status;
  }

  /** The stable code, for example {@code user_token_expired}. */
  public String code() {
    return code;
  }

  /** One sentence for the person in front of the agent. */
  public String message() {
    return message;
  }

  /**
   * The {@code error} of {@code WWW-Authenticate: Bearer} (RFC 6750 §3.1); null: no such header.
   */
  public @Nullable String challenge() {
    if (status == 401) {
      return "invalid_token";
    }
    return this == INVALID_SCOPE ? "insufficient_scope" : null;
  }
}
