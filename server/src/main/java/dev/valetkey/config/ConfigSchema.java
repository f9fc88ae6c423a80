package dev.valetkey.config;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;

/**
 * The JSON Schema (2020-12) of the configuration file, for editors and CI: which keys there are and
 * how their values are written. What takes several keys, or other files, to judge is left to {@link
 * ConfigReader}.
 */
public final class ConfigSchema {

  private ConfigSchema() {}

  /** The schema as indented text; the same for the same version. */
  public static String json() {
    JsonObject schema = new JsonObject();
    schema.addProperty("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.addProperty("title", "valetkey configuration");
    section(Shapes.CONFIG, schema);
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(schema)
        + "\n";
  }

  private static JsonObject of(Shape shape) {
    JsonObject schema = new JsonObject();
    switch (shape) {
      case Shape.Scalar scalar -> scalar(scalar, schema);
      case Shape.ListOf list -> list(list, schema);
      case Shape.MapOf map -> map(map, schema);
      case Shape.Section section -> section(section, schema);
      case Shape.Variants variants -> schema.add("oneOf", alternatives(variants));
    }
    return schema;
  }

  private static void scalar(Shape.Scalar scalar, JsonObject schema) {
    switch (scalar.json()) {
      case BOOLEAN -> schema.addProperty("type", "boolean");
      case INTEGER -> {
        schema.addProperty("type", "integer");
        schema.addProperty("minimum", scalar.min());
        schema.addProperty("maximum", scalar.max());
      }
      case STRING -> {
        schema.addProperty("type", "string");
        if (!scalar.choices().isEmpty()) {
          schema.add("enum", words(scalar.choices()));
        } else if (scalar.pattern().isEmpty()) {
          schema.addProperty("minLength", 1);
        } else {
          schema.addProperty("pattern", "^(" + scalar.pattern() + ")$");
        }
      }
    }
  }

  private static void list(Shape.ListOf list, JsonObject schema) {
    JsonObject element = of(list.element());
    if (list.spaced()) {
      String word = "(" + ((Shape.Scalar) list.element()).pattern() + ")";
      element.addProperty("pattern", "^\\s*" + word + "(\\s+" + word + ")*\\s*$");
    }
    JsonObject array = new JsonObject();
    array.addProperty("type", "array");
    array.add("items", element);
    if (list.filled()) {
      array.addProperty("minItems", 1);
    }
    if (list.element() instanceof Shape.Scalar) {
      JsonArray either = new JsonArray();
      either.add(element);
      either.add(array);
      schema.add("anyOf", either);
    } else {
      array.asMap().forEach(schema::add);
    }
  }

  private static void map(Shape.MapOf map, JsonObject schema) {
    schema.addProperty("type", "object");
    if (!(map.element() instanceof Shape.Scalar)) {
      JsonObject names = new JsonObject();
      names.addProperty("pattern", "^" + Names.NAME.pattern() + "$");
      schema.add("propertyNames", names);
    }
    schema.add("additionalProperties", of(map.element()));
    if (map.filled()) {
      schema.addProperty("minProperties", 1);
    }
  }

  private static void section(Shape.Section section, JsonObject schema) {
    JsonObject properties = new JsonObject();
    for (Shape.Entry entry : section.entries()) {
      properties.add(entry.key(), described(entry));
    }
    schema.addProperty("type", "object");
    schema.add("properties", properties);
    schema.add(
        "required",
        words(
            section.entries().stream()
                .filter(Shape.Entry::required)
                .map(Shape.Entry::key)
                .toList()));
    schema.addProperty("additionalProperties", false);
  }

  private static JsonObject described(Shape.Entry entry) {
    String derived = entry.about().derived();
    JsonObject schema = new JsonObject();
    schema.addProperty(
        "description", entry.about().doc() + (derived.isEmpty() ? "" : ". Default: " + derived));
    of(entry.shape()).asMap().forEach(schema::add);
    if (!entry.about().initial().isEmpty()) {
      schema.add("default", initial(entry.shape(), entry.about().initial()));
    }
    return schema;
  }

  private static JsonElement initial(Shape shape, String initial) {
    return switch (shape) {
      case Shape.ListOf list -> words(List.of(initial.split(" ", -1)));
      case Shape.Scalar scalar ->
          switch (scalar.json()) {
            case STRING -> new JsonPrimitive(initial);
            case INTEGER -> new JsonPrimitive(Long.parseLong(initial));
            case BOOLEAN -> new JsonPrimitive(Boolean.parseBoolean(initial));
          };
      case Shape.MapOf map -> new JsonPrimitive(initial);
      case Shape.Section section -> new JsonPrimitive(initial);
      case Shape.Variants variants -> new JsonPrimitive(initial);
    };
  }

  private static JsonArray alternatives(Shape.Variants variants) {
    JsonArray alternatives = new JsonArray();
    JsonObject words = new JsonObject();
    words.add("enum", words(variants.shortForms()));
    alternatives.add(words);
    variants
        .byType()
        .forEach((type, section) ->
            alternatives.add(variant(type, section, type.equals(variants.usual()))));
    return alternatives;
  }

  private static JsonObject variant(String type, Shape.Section section, boolean usual) {
    JsonObject schema = new JsonObject();
    section(section, schema);
    JsonObject constant = new JsonObject();
    constant.addProperty("const", type);
    schema.getAsJsonObject("properties").add("type", constant);
    if (!usual) {
      schema.getAsJsonArray("required").add("type");
    }
    return schema;
  }

  private static JsonArray words(List<String> words) {
    JsonArray array = new JsonArray();
    words.forEach(array::add);
    return array;
  }
}
