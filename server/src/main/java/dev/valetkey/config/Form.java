package dev.valetkey.config;

/** Ways to write a value that its Java type does not tell. */
enum Form {
  /** As the Java type says. */
  PLAIN,
  /** An integer in octal, quoted. */
  OCTAL,
  /** {@code host:port}. */
  ADDRESS,
  /** A JWS algorithm with a public key. */
  ALGORITHM,
  /** A word of RFC 6749 scope; a text may hold several, separated by spaces. */
  SCOPE,
  /** A token type URN or the short name of a registered one. */
  TOKEN_TYPE,
  /** A client assertion type URN or the short name of a known one. */
  ASSERTION_TYPE,
  /** Where a user token is found. */
  TOKEN_SOURCE,
  /** A path of the agent's that needs no user. */
  EXEMPT_PATH,
  /** An issuer identifier: http(s), kept as text, neither query nor fragment. */
  ISSUER,
  /** An endpoint of an issuer: http(s), no fragment. */
  ENDPOINT,
  /** Scheme, host and port only. */
  ORIGIN,
  /** The canonical URI of an MCP server. */
  SERVER_URL,
  /** A path of a unix socket. */
  SOCKET,
  /** A file with a secret. */
  SECRET_FILE,
  /** A file with certificates. */
  CA_FILE
}
