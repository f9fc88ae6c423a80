package dev.valetkey.testkit.demo;

import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.Jwt;
import dev.valetkey.testkit.SeenRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a token says, as far as the demo shows it; {@value #ABSENT} where it says nothing.
 *
 * @param act the {@code sub} of the actor claim, RFC 8693 §4.1
 */
record Claims(String iss, String aud, String sub, String scope, String act) {
  static final String ABSENT = "-";

  static final List<String> NAMES = List.of("iss", "aud", "sub", "scope", "act");

  /** Where no token was sent at all. */
  static final Claims NO_TOKEN = new Claims("no token", ABSENT, ABSENT, ABSENT, ABSENT);

  /** A UUID is shown by its beginning: nobody compares 36 characters by eye. */
  private static final int LONGEST_SUB = 16;

  static Claims of(String token) {
    return of(Jwt.of(token));
  }

  /** Of the bearer token in this request. */
  static Claims in(SeenRequest request) {
    if (request.headers("authorization").isEmpty()) {
      return NO_TOKEN;
    }
    String token = request.bearer();
    Jwt jwt = token == null ? null : Jwt.read(token);
    return jwt == null ? new Claims("not a JWT", ABSENT, ABSENT, ABSENT, ABSENT) : of(jwt);
  }

  List<String> values() {
    return List.of(iss, aud, sub, scope, act);
  }

  private static Claims of(Jwt jwt) {
    return new Claims(
        origin(jwt.claim("iss")),
        joined(jwt.audience()),
        shortened(jwt.claim("sub")),
        joined(jwt.scope().stream().sorted().toList()),
        shortened(Json.text(Json.object(jwt.claims(), "act"), "sub")));
  }

  /** The issuer without its scheme, as the columns are narrow. */
  static String origin(@Nullable String issuer) {
    return issuer == null ? ABSENT : issuer.replaceFirst("^https?://", "");
  }

  static String shortened(@Nullable String subject) {
    if (subject == null) {
      return ABSENT;
    }
    return subject.length() > LONGEST_SUB ? subject.substring(0, 8) + "…" : subject;
  }

  private static String joined(List<String> values) {
    return values.isEmpty() ? ABSENT : String.join(" ", values);
  }
}
