package dev.valetkey.oauth;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Reads JSON exactly as RFC 8259 has it: UTF-8 without a byte order mark, no member twice, no
 * broken surrogates, nothing behind the value. What two readers could read differently is no JSON
 * here, because a token that means one thing to us and another to the issuer is an attack.
 */
final class StrictJson {
  /** Levels of nesting that are accepted anywhere. */
  static final int MAX_DEPTH = 32;

  /** A whole number up to this many characters is exact in a long. */
  private static final int LONG_DIGITS = 18;

  private StrictJson() {}

  /** The object that {@code bytes} hold; empty if they hold anything else. */
  static Optional<JsonObject> object(byte[] bytes) {
    String text;
    try {
      // newDecoder() reports bytes that are not UTF-8; the String constructor would replace them.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
    // Gson skips a byte order mark; RFC 8259 §8.1 lets us refuse it.
    if (text.startsWith("\uFEFF")) {
      return Optional.empty();
    }
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      if (reader.peek() != JsonToken.BEGIN_OBJECT) {
        return Optional.empty();
      }
      JsonObject object = object(reader, 1);
      return reader.peek() == JsonToken.END_DOCUMENT ? Optional.of(object) : Optional.empty();
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static JsonElement value(JsonReader reader, int depth) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader, depth + 1);
      case BEGIN_ARRAY -> array(reader, depth + 1);
      case STRING -> new JsonPrimitive(wellFormed(reader.nextString()));
      case NUMBER -> new JsonPrimitive(number(reader.nextString()));
      case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
      case NULL -> {
        reader.nextNull();
        yield JsonNull.INSTANCE;
      }
      case NAME, END_ARRAY, END_OBJECT, END_DOCUMENT -> throw new IOException("no value");
    };
  }

  private static JsonObject object(JsonReader reader, int depth) throws IOException {
    notTooDeep(depth);
    JsonObject object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = wellFormed(reader.nextName());
      if (object.has(name)) {
        throw new IOException("a member twice");
      }
      object.add(name, value(reader, depth));
    }
    reader.endObject();
    return object;
  }

  private static JsonArray array(JsonReader reader, int depth) throws IOException {
    notTooDeep(depth);
    JsonArray array = new JsonArray();
    reader.beginArray();
    while (reader.hasNext()) {
      array.add(value(reader, depth));
    }
    reader.endArray();
    return array;
  }

  private static void notTooDeep(int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("nested too deep");
    }
  }

  private static Number number(String literal) throws IOException {
    boolean whole = literal.chars().allMatch(c -> c == '-' || c >= '0' && c <= '9');
    if (whole && literal.length() <= LONG_DIGITS) {
      return Long.valueOf(literal);
    }
    double number = Double.parseDouble(literal);
    if (Double.isInfinite(number)) {
      throw new IOException("a number too large");
    }
    return number;
  }

  /**
   * Half a surrogate pair becomes a question mark in UTF-8, so that two different texts would look
   * alike.
   */
  private static String wellFormed(String text) throws IOException {
    // A whole pair is one code point; what is left of a surrogate stands alone.
    if (text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
      throw new IOException("half a surrogate pair");
    }
    return text;
  }
}
