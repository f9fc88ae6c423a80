package dev.valetkey.webhook;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads members of JSON objects; absent and null are the same to Kubernetes, and here. */
final class Tree {
  private Tree() {}

  /** A member has another type than Kubernetes gives it. The message names it, never its value. */
  static final class Malformed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Malformed(String member, String wanted) {
      super(member + " is no " + wanted + ".");
    }
  }

  /** The member; null when it is absent. */
  static @Nullable JsonElement member(JsonObject parent, String name) {
    JsonElement member = parent.get(name);
    return member == null || member.isJsonNull() ? null : member;
  }

  /** The object; an empty one that belongs to nobody when it is absent. */
  static JsonObject object(JsonObject parent, String name) {
    JsonElement member = member(parent, name);
    if (member == null) {
      return new JsonObject();
    }
    if (!member.isJsonObject()) {
      throw new Malformed(name, "object");
    }
    return member.getAsJsonObject();
  }

  /** The array; an empty one that belongs to nobody when it is absent. */
  static JsonArray array(JsonObject parent, String name) {
    JsonElement member = member(parent, name);
    if (member == null) {
      return new JsonArray();
    }
    if (!member.isJsonArray()) {
      throw new Malformed(name, "list");
    }
    return member.getAsJsonArray();
  }

  /** The objects of an array; none when it is absent. */
  static List<JsonObject> objects(JsonObject parent, String name) {
    List<JsonObject> objects = new ArrayList<>();
    for (JsonElement element : array(parent, name)) {
      if (!element.isJsonObject()) {
        throw new Malformed(name, "list of objects");
      }
      objects.add(element.getAsJsonObject());
    }
    return objects;
  }

  /** The texts of an array; none when it is absent. */
  static List<String> texts(JsonObject parent, String name) {
    List<String> texts = new ArrayList<>();
    for (JsonElement element : array(parent, name)) {
      if (!isText(element)) {
        throw new Malformed(name, "list of texts");
      }
      texts.add(element.getAsString());
    }
    return texts;
  }

  /** The text; null when it is absent. */
  static @Nullable String text(JsonObject parent, String name) {
    JsonElement member = member(parent, name);
    if (member == null) {
      return null;
    }
    if (!isText(member)) {
      throw new Malformed(name, "text");
    }
    return member.getAsString();
  }

  /** The truth value; null when it is absent. */
  static @Nullable Boolean flag(JsonObject parent, String name) {
    JsonElement member = member(parent, name);
    if (member == null) {
      return null;
    }
    if (!member.isJsonPrimitive() || !member.getAsJsonPrimitive().isBoolean()) {
      throw new Malformed(name, "truth value");
    }
    return member.getAsBoolean();
  }

  /** The whole number; null when it is absent. */
  static @Nullable Long number(JsonObject parent, String name) {
    JsonElement member = member(parent, name);
    if (member == null) {
      return null;
    }
    if (!member.isJsonPrimitive() || !member.getAsJsonPrimitive().isNumber()) {
      throw new Malformed(name, "number");
    }
    try {
      return member.getAsBigDecimal().longValueExact();
    } catch (ArithmeticException | NumberFormatException fraction) {
      throw new Malformed(name, "whole number");
    }
  }

  /** What the object is called; empty when it has no name. */
  static String name(JsonObject named) {
    String name = text(named, "name");
    return name == null ? "" : name;
  }

  private static boolean isText(JsonElement element) {
    return element.isJsonPrimitive() && element.getAsJsonPrimitive().isString();
  }
}
