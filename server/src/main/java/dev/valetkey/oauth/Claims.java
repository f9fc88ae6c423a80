package dev.valetkey.oauth;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The claims of a JWT (RFC 7519 §4.1), each of the type it must have. A claim that is JSON's null
 * counts as absent.
 *
 * @param json all of them
 * @param audience {@code aud} as a list; empty if absent
 * @param scope {@code scope}, else {@code scp}, split; null if the token has neither
 */
record Claims(
    JsonObject json,
    @Nullable String issuer,
    @Nullable String subject,
    List<String> audience,
    @Nullable Instant expiresAt,
    @Nullable Instant notBefore,
    @Nullable Instant issuedAt,
    @Nullable Set<String> scope) {

  /** The last second of the year 9999. A later time is no time but an attempt at an overflow. */
  private static final double LAST_SECOND = 253_402_300_799.0;

  /** Empty if any claim has a type it must not have. */
  static Optional<Claims> of(JsonObject json) {
    Optional<List<String>> audience = audience(json.get("aud"));
    JsonElement scope = json.has("scope") ? json.get("scope") : json.get("scp");
    Optional<Set<String>> scopes = TokenAnswerReader.scopes(absent(scope) ? null : scope);
    boolean wellTyped =
        textOrAbsent(json.get("iss"))
            && textOrAbsent(json.get("sub"))
            && timeOrAbsent(json.get("exp"))
            && timeOrAbsent(json.get("nbf"))
            && timeOrAbsent(json.get("iat"));
    if (audience.isEmpty() || scopes.isEmpty() || !wellTyped) {
      return Optional.empty();
    }
    return Optional.of(
        new Claims(
            json,
            text(json, "iss").orElse(null),
            text(json, "sub").orElse(null),
            audience.get(),
            time(json.get("exp")),
            time(json.get("nbf")),
            time(json.get("iat")),
            absent(scope) ? null : scopes.get()));
  }

  /** The claim of this name if it is text; empty otherwise. */
  Optional<String> text(String name) {
    return text(json, name);
  }

  /** The claim of this name as JSON; null if it is absent. */
  @Nullable String asJson(String name) {
    JsonElement value = json.get(name);
    return value == null || value.isJsonNull() ? null : value.toString();
  }

  /** The claims are a user's own. */
  @Override
  public String toString() {
    return "Claims" + json.keySet();
  }

  static Optional<String> text(JsonObject json, String name) {
    return json.get(name) instanceof JsonPrimitive primitive && primitive.isString()
        ? Optional.of(primitive.getAsString())
        : Optional.empty();
  }

  private static boolean absent(@Nullable JsonElement value) {
    return value == null || value.isJsonNull();
  }

  private static boolean textOrAbsent(@Nullable JsonElement value) {
    return absent(value) || value instanceof JsonPrimitive primitive && primitive.isString();
  }

  private static boolean timeOrAbsent(@Nullable JsonElement value) {
    return absent(value)
        || value instanceof JsonPrimitive primitive
            && primitive.isNumber()
            && Math.abs(primitive.getAsDouble()) <= LAST_SECOND;
  }

  private static @Nullable Instant time(@Nullable JsonElement value) {
    return value instanceof JsonPrimitive primitive
        ? Instant.ofEpochMilli((long) (primitive.getAsDouble() * 1000))
        : null;
  }

  private static Optional<List<String>> audience(@Nullable JsonElement value) {
    if (value == null || value.isJsonNull()) {
      return Optional.of(List.of());
    }
    List<JsonElement> parts = value instanceof JsonArray array ? array.asList() : List.of(value);
    List<String> audience = new ArrayList<>();
    for (JsonElement part : parts) {
      if (!(part instanceof JsonPrimitive primitive) || !primitive.isString()) {
        return Optional.empty();
      }
      audience.add(primitive.getAsString());
    }
    return Optional.of(List.copyOf(audience));
  }
}
