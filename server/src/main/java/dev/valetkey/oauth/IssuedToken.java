package dev.valetkey.oauth;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.valetkey.token.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What kind of token an issuer gave. */
public sealed interface IssuedToken {

  /**
   * A signed JWT that can be read.
   *
   * @param type {@code typ} of its header; null without one
   */
  record Jwt(@Nullable String type, IssuedClaims claims) implements IssuedToken {}

  /** Something only the server can read: a reference, or an encrypted JWT. */
  record Opaque() implements IssuedToken {}

  /** It has the three parts of a JWT but cannot be read unambiguously: nobody should act on it. */
  record Broken() implements IssuedToken {}

  /** Looks at a token. Never throws. */
  static IssuedToken read(Secret token) {
    byte[] bytes = token.reveal().getBytes(StandardCharsets.UTF_8);
    Optional<Jws> jws = Jws.parse(bytes);
    if (jws.isEmpty()) {
      // The header of every JWT begins with a brace, and so in base64url with "eyJ" or "ew".
      boolean looksLikeJwt = Jws.parts(bytes) == 3 && bytes[0] == 'e';
      return looksLikeJwt ? new Broken() : new Opaque();
    }
    return Claims.of(jws.get().payload())
        .<IssuedToken>map(claims -> new Jwt(text(jws.get().header(), "typ"), issued(claims)))
        .orElseGet(Broken::new);
  }

  /** A text claim of a signed JWT; empty if the token is none, or has none of this name. */
  static Optional<String> claim(Secret token, String name) {
    return Jws.parse(token.reveal().getBytes(StandardCharsets.UTF_8))
        .flatMap(jws -> Claims.of(jws.payload()))
        .flatMap(claims -> Optional.ofNullable(text(claims.json(), name)));
  }

  private static IssuedClaims issued(Claims claims) {
    JsonElement act = claims.json().get("act");
    boolean actor = act instanceof JsonObject object && !object.isEmpty();
    return new IssuedClaims(
        claims.issuer(),
        claims.audience(),
        claims.subject(),
        claims.expiresAt(),
        claims.scope(),
        actor ? claims.asJson("act") : null,
        text(act, "sub"),
        claims.json().get("may_act") instanceof JsonObject mayAct
            ? new IssuedClaims.MayAct(text(mayAct, "iss"), text(mayAct, "sub"))
            : null,
        text(claims.json(), "client_id"),
        text(claims.json().get("cnf"), "x5t#S256"),
        text(claims.json().get("cnf"), "jkt"));
  }

  private static @Nullable String text(@Nullable JsonElement object, String name) {
    return object instanceof JsonObject members
            && members.get(name) instanceof JsonPrimitive value
            && value.isString()
        ? value.getAsString()
        : null;
  }
}
