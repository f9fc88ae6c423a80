package dev.valetkey.config;

/** How a client authenticates at the token endpoint, by its IANA name (RFC 7591 §2). */
public enum ClientAuthMethod {
  CLIENT_SECRET_BASIC,
  CLIENT_SECRET_POST,
  PRIVATE_KEY_JWT,
  NONE
}
