package dev.valetkey.config;

/**
 * How a client authenticates at the token endpoint, by its IANA name (RFC 7591 §2, RFC 8705 §2).
 */
public enum ClientAuthMethod {
  CLIENT_SECRET_BASIC,
  CLIENT_SECRET_POST,
  PRIVATE_KEY_JWT,
  TLS_CLIENT_AUTH,
  SELF_SIGNED_TLS_CLIENT_AUTH,
  NONE;

  /** Whether the certificate of the connection says who we are. */
  public boolean isMutualTls() {
    return this == TLS_CLIENT_AUTH || this == SELF_SIGNED_TLS_CLIENT_AUTH;
  }
}
