package dev.valetkey.config;

/** What is done with a user token that is no JWT. */
public enum OpaqueTokens {
  /** It is no user token. */
  REFUSE,
  /** The issuer is asked what it is (RFC 7662). */
  INTROSPECT,
  /** It counts as a user's whose name is not known; the token exchange tells good from bad. */
  EXCHANGE_VALIDATES
}
