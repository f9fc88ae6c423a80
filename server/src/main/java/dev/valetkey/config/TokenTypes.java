package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.util.List;

/** Token type identifiers (RFC 8693 §3) and their short names. */
final class TokenTypes {

  private static final String PREFIX = "urn:ietf:params:oauth:token-type:";
  private static final List<String> SHORT_NAMES =
      List.of("access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt");

  static final String JWT = PREFIX + "jwt";

  private TokenTypes() {}

  /** A text with a colon is taken to be a URN; other registries than the RFC's exist. */
  static Parsed parse(String text) {
    if (SHORT_NAMES.contains(text)) {
      return Scalars.value(PREFIX + text);
    }
    if (text.matches("[A-Za-z][A-Za-z0-9+.-]*:[\\x21-\\x7E]+")) {
      return Scalars.value(text);
    }
    return Scalars.fault(
        "must be a full URN or a short name: no token type is called '"
            + Names.shown(text)
            + "'"
            + Names.hint(text, SHORT_NAMES));
  }
}
