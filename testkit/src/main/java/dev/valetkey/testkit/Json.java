package dev.valetkey.testkit;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON objects as maps: whole numbers are {@code Long}, order is kept, null members are written.
 */
public final class Json {
  private static final Gson GSON =
      new GsonBuilder()
          .disableHtmlEscaping()
          .serializeNulls()
          .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
          .create();
  private static final TypeToken<LinkedHashMap<String, Object>> OBJECT = new TypeToken<>() {};

  private Json() {}

  public static String text(Object value) {
    return GSON.toJson(value);
  }

  /** A mutable map of the object's members; fails when the text is no object. */
  public static Map<String, Object> object(String text) {
    Map<String, Object> members = GSON.fromJson(text, OBJECT.getType());
    if (members == null) {
      throw new IllegalArgumentException("not a JSON object");
    }
    return members;
  }

  /** The member as an object; empty when it is absent or something else. */
  @SuppressWarnings("unchecked") // Gson makes string-keyed maps of JSON objects
  public static Map<String, Object> object(Map<String, Object> parent, String member) {
    return parent.get(member) instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
  }

  /** The member as text, or null. */
  public static @Nullable String text(Map<String, Object> parent, String member) {
    return parent.get(member) instanceof String text ? text : null;
  }

  /**
   * A member that may be one text or an array of texts; empty when it is absent or something else.
   */
  public static List<String> texts(@Nullable Object member) {
    if (member instanceof List<?> list) {
      return list.stream().filter(String.class::isInstance).map(String.class::cast).toList();
    }
    return member instanceof String text ? List.of(text) : List.of();
  }
}
