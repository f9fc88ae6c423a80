package dev.valetkey.config;

/** A place in the request where a user token may be. */
public sealed interface UserTokenSource {

  /** {@code authorization}: the header of that name, wherever Envoy has moved it. */
  record Authorization() implements UserTokenSource {}

  /**
   * {@code header:<name>}: a header of the agent's; a bare token or {@code Bearer} and a token.
   *
   * @param name in lower case
   */
  record Header(String name) implements UserTokenSource {}
}
