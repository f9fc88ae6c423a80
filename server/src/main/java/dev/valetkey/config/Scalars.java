package dev.valetkey.config;

import dev.valetkey.config.Shape.Json;
import dev.valetkey.config.Shape.Parsed;
import dev.valetkey.config.Shape.Parser;
import dev.valetkey.config.Shape.Scalar;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** How single values are written: one {@link Scalar} for each Java type and {@link Form}. */
final class Scalars {

  private static final List<String> ALGORITHMS =
      List.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA");
  private static final String ADDRESS = "([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}";

  // RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
  private static final String SCOPE = "[\\x21\\x23-\\x5B\\x5D-\\x7E]+";

  // Segments of RFC 3986 §3.3 that need no decoding, none of them "." or ".."; "/*" only behind
  // one.
  private static final String EXEMPT_PATH =
      "(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~!$&'()+,;=:@-]+)+(/\\*)?";

  private Scalars() {}

  static Scalar of(Class<?> type, Key key) {
    if (type.isEnum()) {
      return choice(type);
    }
    if (type == boolean.class) {
      return new Scalar(
          Json.BOOLEAN,
          "true or false",
          "boolean",
          "",
          List.of(),
          null,
          null,
          (text, base) -> flag(text));
    }
    if (type == Duration.class) {
      return Quantities.duration(key);
    }
    if (type == long.class) {
      return Quantities.size(key);
    }
    if (type == URI.class) {
      return uri(key.form());
    }
    if (type == Path.class) {
      return text(
          "a path",
          key.form() == Form.SOCKET ? "path" : "file",
          "",
          (text, base) -> Paths.parse(text, base, key.form()));
    }
    if (type == UserTokenSource.class) {
      return text(
          UserTokenSources.KIND,
          "source",
          UserTokenSources.PATTERN,
          (text, base) -> UserTokenSources.parse(text));
    }
    if (type == AddressBlock.class) {
      return text(
          "a block of addresses such as 10.0.0.0/8 or fd00::/8",
          "block",
          "[0-9A-Fa-f:.]+/[0-9]{1,3}",
          (text, base) ->
              AddressBlock.parse(text)
                  .map(Scalars::value)
                  .orElseGet(
                      () -> fault("is no block of addresses, or does not begin at " + text)));
    }
    if (type == int.class || type == Integer.class) {
      return key.form() == Form.OCTAL
          ? text(
              "a mode in octal and in quotes, such as \"0660\"",
              "octal",
              "0?[0-7]{3}",
              (text, base) -> value(Integer.parseInt(text, 8)))
          : Quantities.integer(key);
    }
    return text(key.form());
  }

  static Parsed value(Object value) {
    return new Parsed.Value(value);
  }

  static Parsed fault(String message) {
    return new Parsed.Fault(message);
  }

  /** A value that YAML tells as text; the parser sees only what matches the pattern. */
  static Scalar text(String kind, String typeName, String pattern, Parser parser) {
    Pattern compiled = Pattern.compile(pattern);
    String fault = "must be " + kind;
    Parser checked =
        (text, base) ->
            pattern.isEmpty() || compiled.matcher(text).matches()
                ? parser.parse(text, base)
                : fault(fault + " (was " + Names.shown(text) + ")");
    return new Scalar(Json.STRING, kind, typeName, pattern, List.of(), null, null, checked);
  }

  private static Scalar text(Form form) {
    return switch (form) {
      case ADDRESS -> text("host:port", "host:port", ADDRESS, (text, base) -> address(text));
      case SCOPE ->
          text(
              "a scope of RFC 6749, printable and without spaces",
              "scope",
              SCOPE,
              (text, base) -> value(text));
      case TOKEN_TYPE ->
          text("a token type", "token type", "", (text, base) -> TokenTypes.token(text));
      case ASSERTION_TYPE ->
          text("a client assertion type", "text", "", (text, base) -> TokenTypes.assertion(text));
      case ALGORITHM -> choice(ALGORITHMS, ALGORITHMS);
      case EXEMPT_PATH ->
          text(
              "a path such as /healthz, or a folder and /*, such as /.well-known/*; never everything",
              "path",
              EXEMPT_PATH,
              (text, base) -> value(text));
      case PLAIN,
          OCTAL,
          TOKEN_SOURCE,
          ISSUER,
          ENDPOINT,
          ORIGIN,
          SERVER_URL,
          SOCKET,
          SECRET_FILE,
          CA_FILE ->
          text(
              "text",
              "text",
              "",
              (text, base) -> text.isBlank() ? fault("must not be empty") : value(text));
    };
  }

  private static Scalar uri(Form form) {
    return switch (form) {
      case ISSUER, ENDPOINT, ORIGIN, SERVER_URL ->
          text("a URL", "url", "", (text, base) -> Urls.parse(text, form));
      case PLAIN,
          OCTAL,
          ADDRESS,
          ALGORITHM,
          SCOPE,
          TOKEN_TYPE,
          ASSERTION_TYPE,
          TOKEN_SOURCE,
          EXEMPT_PATH,
          SOCKET,
          SECRET_FILE,
          CA_FILE ->
          text("a URI", "uri", "", (text, base) -> Urls.resource(text));
    };
  }

  private static Scalar choice(Class<?> type) {
    List<?> constants = Arrays.asList(type.getEnumConstants());
    return choice(
        constants.stream().map(constant -> Names.snakeCase(constant.toString())).toList(),
        constants);
  }

  private static Scalar choice(List<String> words, List<?> values) {
    Parser parser =
        (text, base) ->
            words.contains(text)
                ? value(values.get(words.indexOf(text)))
                : fault(
                    "must be one of "
                        + String.join(", ", words)
                        + " (was "
                        + Names.shown(text)
                        + Names.closest(text, words)
                            .map(word -> "; did you mean '" + word + "'?")
                            .orElse("")
                        + ")");
    return new Scalar(
        Json.STRING, "one of " + String.join(", ", words), "choice", "", words, null, null, parser);
  }

  private static Parsed flag(String text) {
    return value(Boolean.parseBoolean(text));
  }

  private static Parsed address(String text) {
    int port = Integer.parseInt(text.substring(text.lastIndexOf(':') + 1));
    return port <= 65535
        ? value(text)
        : fault("port must be between 0 and 65535 (was " + port + ")");
  }
}
