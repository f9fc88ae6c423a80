package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.util.Set;

/** How places of the user token are written. */
final class UserTokenSources {

  static final String KIND = "authorization or header:<name>, the name in lower case";
  static final String PATTERN = "authorization|header:[a-z0-9!#$%&'*+.^_`|~-]+";

  /** Their meaning is fixed: HTTP's own, and credentials that are not a user token. */
  private static final Set<String> TAKEN =
      Set.of(
          "authorization",
          "connection",
          "content-length",
          "cookie",
          "host",
          "proxy-authorization",
          "transfer-encoding");

  private UserTokenSources() {}

  /**
   * @param text matches {@link #PATTERN}
   */
  static Parsed parse(String text) {
    if (text.equals("authorization")) {
      return Scalars.value(new UserTokenSource.Authorization());
    }
    String header = text.substring("header:".length());
    if (TAKEN.contains(header)
        || header.startsWith("x-envoy-")
        || header.startsWith("x-valetkey-")) {
      return Scalars.fault("header '" + header + "' is reserved; name one of your own");
    }
    return Scalars.value(new UserTokenSource.Header(header));
  }
}
