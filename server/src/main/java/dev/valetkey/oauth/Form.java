package dev.valetkey.oauth;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The fields of a request to the token endpoint, in the order they are sent; a name may stand more
 * than once. Immutable.
 */
public final class Form {
  /** A form without fields. */
  public static final Form EMPTY = new Form(List.of());

  private record Field(String name, String value) {}

  private final List<Field> fields;

  private Form(List<Field> fields) {
    this.fields = List.copyOf(fields);
  }

  /** This form with one more field at its end. */
  public Form with(String name, String value) {
    List<Field> more = new ArrayList<>(fields);
    more.add(new Field(name, value));
    return new Form(more);
  }

  /** This form with one more field of this name for each value. */
  public Form withAll(String name, List<String> values) {
    Form form = this;
    for (String value : values) {
      form = form.with(name, value);
    }
    return form;
  }

  /**
   * The body of a request, {@code application/x-www-form-urlencoded} in UTF-8. RFC 6749 appendix B.
   */
  String encoded() {
    return fields.stream()
        .map(field -> encode(field.name()) + "=" + encode(field.value()))
        .collect(Collectors.joining("&"));
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** The names only: the values hold tokens and secrets. */
  @Override
  public String toString() {
    return "Form" + fields.stream().map(Field::name).toList();
  }
}
