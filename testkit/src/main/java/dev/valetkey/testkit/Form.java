package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An {@code application/x-www-form-urlencoded} body: names may repeat, the order is kept. */
public record Form(List<Field> fields) {

  /** One decoded parameter. */
  public record Field(String name, String value) {}

  public Form {
    fields = List.copyOf(fields);
  }

  /** The form made of alternating names and values. */
  public static Form of(String... namesAndValues) {
    return new Form(
        Header.of(namesAndValues).stream().map(h -> new Field(h.name(), h.value())).toList());
  }

  /** Reads a body or a query; an empty text is the empty form. */
  public static Form parse(String text) {
    List<Field> fields = new ArrayList<>();
    for (String pair : text.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        fields.add(new Field(URLDecoder.decode(name, UTF_8), URLDecoder.decode(value, UTF_8)));
      }
    }
    return new Form(fields);
  }

  /** This form with one more parameter at its end. */
  public Form and(String name, String value) {
    List<Field> more = new ArrayList<>(fields);
    more.add(new Field(name, value));
    return new Form(more);
  }

  /** The first value of this name; null when there is none. */
  public @Nullable String first(String name) {
    List<String> values = all(name);
    return values.isEmpty() ? null : values.getFirst();
  }

  /** Every value of this name in order. */
  public List<String> all(String name) {
    return fields.stream().filter(f -> f.name.equals(name)).map(Field::value).toList();
  }

  /** The names in order, repeated ones repeated. */
  public List<String> names() {
    return fields.stream().map(Field::name).toList();
  }

  /** The text that goes on the wire. */
  public String encoded() {
    return fields.stream()
        .map(f -> URLEncoder.encode(f.name, UTF_8) + "=" + URLEncoder.encode(f.value, UTF_8))
        .collect(Collectors.joining("&"));
  }
}
