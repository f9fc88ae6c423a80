package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request exactly as it arrived.
 *
 * @param target the request target as sent: origin form, absolute form or {@code *}
 * @param body without transfer coding; empty when there was none
 * @param remotePort tells connections apart
 */
@SuppressWarnings("ArrayRecordComponent") // bytes as they came; nobody compares two requests
public record SeenRequest(
    String method, String target, List<Header> headers, byte[] body, int remotePort, Instant at) {

  public SeenRequest {
    headers = List.copyOf(headers);
  }

  /** The target without its query. */
  public String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** The first value of this header in any case; null when there is none. */
  public @Nullable String header(String name) {
    return Header.first(headers, name);
  }

  /** All values of this header in order. */
  public List<String> headers(String name) {
    return Header.all(headers, name);
  }

  public String bodyText() {
    return new String(body, UTF_8);
  }

  /** The body read as a form. */
  public Form form() {
    return Form.parse(bodyText());
  }

  /**
   * The credentials after {@code Bearer} in the only {@code Authorization}; null when it is
   * anything else.
   */
  public @Nullable String bearer() {
    return credentials("Bearer ");
  }

  /** The same after {@code DPoP}. RFC 9449 §7.1. */
  public @Nullable String dpopToken() {
    return credentials("DPoP ");
  }

  private @Nullable String credentials(String scheme) {
    List<String> values = headers("authorization");
    boolean only =
        values.size() == 1 && values.getFirst().regionMatches(true, 0, scheme, 0, scheme.length());
    return only ? values.getFirst().substring(scheme.length()) : null;
  }

  /** Everything that arrived, as text to be searched for what must not be there. */
  public String wireText() {
    StringBuilder text = new StringBuilder(method).append(' ').append(target).append('\n');
    headers.forEach(h -> text.append(h.name()).append(": ").append(h.value()).append('\n'));
    return text.append('\n').append(new String(body, ISO_8859_1)).toString();
  }
}
