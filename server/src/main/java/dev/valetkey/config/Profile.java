package dev.valetkey.config;

/**
 * A preset of configuration keys that fits one kind of issuer. The keys themselves stand in {@code
 * profiles.yaml}, spelled as a user would write them.
 */
public enum Profile {
  GENERIC,
  KEYCLOAK,
  ENTRA,
  OKTA,
  OKTA_XAA,
  AUTH0,
  AUTH0_TOKEN_VAULT,
  PING,
  ZITADEL,
  DEX,
  GOOGLE_STS
}
