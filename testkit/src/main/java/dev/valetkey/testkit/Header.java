package dev.valetkey.testkit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One header line as it was on the wire: the name's case, the order and duplicates survive. Bytes
 * are read as ISO-8859-1.
 */
public record Header(String name, String value) {

  /** The headers made of alternating names and values. */
  public static List<Header> of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a name without a value");
    }
    Header[] headers = new Header[namesAndValues.length / 2];
    for (int i = 0; i < headers.length; i++) {
      headers[i] = new Header(namesAndValues[2 * i], namesAndValues[2 * i + 1]);
    }
    return List.of(headers);
  }

  /** The value of the first header of this name in any case; null when there is none. */
  public static @Nullable String first(List<Header> headers, String name) {
    for (Header header : headers) {
      if (header.name.equalsIgnoreCase(name)) {
        return header.value;
      }
    }
    return null;
  }

  /** The values of all headers of this name in any case, in the order of the wire. */
  public static List<String> all(List<Header> headers, String name) {
    return headers.stream().filter(h -> h.name.equalsIgnoreCase(name)).map(Header::value).toList();
  }
}
