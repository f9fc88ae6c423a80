package dev.valetkey.token;

/**
 * Why a token was not given, or was given and must not be used. Asking again at once would not
 * help.
 */
public enum Rejection {
  /** RFC 6749 §5.2: the user's sign-in is over. */
  INVALID_GRANT(Memory.USER_TOKEN),
  /** RFC 8693 §2.2.2: the user token is not accepted. */
  INVALID_REQUEST(Memory.BRIEF),
  INVALID_TARGET(Memory.CONFIGURATION),
  INVALID_SCOPE(Memory.CONFIGURATION),
  ACCESS_DENIED(Memory.BRIEF),
  INVALID_CLIENT(Memory.CONFIGURATION),
  /** Also {@code unsupported_grant_type}. */
  UNAUTHORIZED_CLIENT(Memory.CONFIGURATION),
  /** The user has to do something at the issuer first: consent, link an account, sign in again. */
  INTERACTION_REQUIRED(Memory.BRIEF),
  /** RFC 8693 §4.4: the user token names another actor. */
  MAY_ACT(Memory.BRIEF),
  /** The server's metadata names no issuer that the configuration allows it. */
  ISSUER_NOT_ALLOWED(Memory.BRIEF),
  /** Any other OAuth error. */
  OTHER_ERROR(Memory.BRIEF),
  ISSUED_FORMAT(Memory.BRIEF),
  ISSUED_ISSUER(Memory.BRIEF),
  ISSUED_AUDIENCE(Memory.BRIEF),
  ISSUED_EXTRA_AUDIENCE(Memory.BRIEF),
  ISSUED_SUBJECT(Memory.BRIEF),
  ISSUED_ACTOR(Memory.BRIEF),
  /** It is bound to a key or certificate that the request would not show. */
  ISSUED_BINDING(Memory.BRIEF),
  ISSUED_SCOPE(Memory.BRIEF),
  ISSUED_EXPIRED(Memory.BRIEF);

  /** How long a rejection is remembered. */
  public enum Memory {
    /** Until the user token changes, at most 30 s. */
    BRIEF,
    /** Until the user token changes. */
    USER_TOKEN,
    /** 30 s, or until a secret changes. */
    CONFIGURATION
  }

  private final Memory memory;

  Rejection(Memory memory) {
    this.memory = memory;
  }

  public Memory memory() {
    return memory;
  }
}
