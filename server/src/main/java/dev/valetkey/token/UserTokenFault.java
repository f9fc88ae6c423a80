package dev.valetkey.token;

/** Why a user token does not count (design.md §4). */
public enum UserTokenFault {
  /** Not a JWT, over 16 KiB, or claims of the wrong shape. */
  MALFORMED,
  /** An ID, refresh or logout token, encrypted, or with header members that name keys. */
  TYPE,
  /** Not on the rule's list; {@code none} and HMAC never are. */
  ALGORITHM,
  /** No rule for this {@code iss}. */
  ISSUER,
  /** The key is unknown or the signature wrong. */
  SIGNATURE,
  AUDIENCE,
  /** No {@code sub}. */
  SUBJECT,
  EXPIRED,
  NOT_YET_VALID,
  /** The issuer says that it counts no more (RFC 7662 §2.2), or that its user has signed out. */
  INACTIVE,
  /** It could not be judged: the issuer's keys cannot be fetched. */
  KEYS_UNAVAILABLE,
  /** It could not be judged: the issuer cannot be asked about it. */
  ISSUER_UNAVAILABLE,
  /** It could not be judged: what the issuer says of it is no answer. */
  ISSUER_ANSWER,
  /** It could not be judged: the issuer does not answer this client. */
  CLIENT_REFUSED
}
