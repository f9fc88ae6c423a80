package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.util.List;

/** Identifiers of token and assertion types, and their short names. */
final class TokenTypes {

  private static final String TYPE = "urn:ietf:params:oauth:token-type:";
  private static final String ASSERTION = "urn:ietf:params:oauth:client-assertion-type:";

  static final String ACCESS_TOKEN = TYPE + "access_token";
  static final String JWT = TYPE + "jwt";
  static final String ID_JAG = TYPE + "id-jag";

  private TokenTypes() {}

  /** A token type (RFC 8693 §3). */
  static Parsed token(String text) {
    return parse(
        text,
        TYPE,
        List.of("access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"),
        "token type");
  }

  /** A client assertion type (RFC 7523 §2.2, draft-ietf-oauth-spiffe-client-auth). */
  static Parsed assertion(String text) {
    return parse(text, ASSERTION, List.of("jwt_bearer", "jwt_spiffe"), "client assertion type");
  }

  /** A text with a colon is taken to be a URN; other registries than the RFC's exist. */
  private static Parsed parse(String text, String prefix, List<String> shortNames, String what) {
    if (shortNames.contains(text)) {
      return Scalars.value(prefix + (prefix.equals(ASSERTION) ? text.replace('_', '-') : text));
    }
    if (text.matches("[A-Za-z][A-Za-z0-9+.-]*:[\\x21-\\x7E]+")) {
      return Scalars.value(text);
    }
    return Scalars.fault(
        "must be a full URN or a short name: no "
            + what
            + " is called '"
            + Names.shown(text)
            + "'"
            + Names.hint(text, shortNames));
  }
}
