package dev.valetkey.oauth;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A server's metadata (RFC 9728 §2): the server's word about who issues its tokens. Members that
 * are not here are ignored, {@code signed_metadata} among them. Nobody named here may be sent
 * anything unless the operator named them too.
 *
 * @param resource what tokens for the server are for; as text, what the server wrote
 * @param authorizationServers issuers, to be compared as text; empty: not said
 * @param scopesSupported empty: not said
 */
public record ProtectedResource(
    URI resource, List<String> authorizationServers, List<String> scopesSupported) {
  private static final int MAX_ISSUERS = 16;
  private static final int MAX_SCOPES = 256;
  private static final int MAX_TEXT = 2048;

  /** RFC 6749 §3.3. */
  private static final Pattern SCOPE = Pattern.compile("[\\x21\\x23-\\x5B\\x5D-\\x7E]{1,256}");

  public ProtectedResource {
    authorizationServers = List.copyOf(authorizationServers);
    scopesSupported = List.copyOf(scopesSupported);
  }

  /** The metadata in this document, if it is about the server at this URL. */
  static Fetched<ProtectedResource> read(JsonObject document, URI server) {
    Optional<URI> resource = resource(document).filter(r -> covers(r, server));
    if (resource.isEmpty()) {
      return new Fetched.Missed<>("about another resource");
    }
    Optional<List<String>> issuers = texts(document, "authorization_servers", MAX_ISSUERS);
    Optional<List<String>> scopes = texts(document, "scopes_supported", MAX_SCOPES);
    if (issuers.isEmpty() || scopes.isEmpty()) {
      return new Fetched.Missed<>("not as RFC 9728 has it");
    }
    // What is no scope cannot be asked for; the others can.
    List<String> askable = scopes.get().stream().filter(s -> SCOPE.matcher(s).matches()).toList();
    return new Fetched.Got<>(new ProtectedResource(resource.get(), issuers.get(), askable));
  }

  /**
   * Whether a token for {@code resource} is one for {@code server}: same origin, and the same path
   * or one that leads to it. RFC 9728 §3.3 wants the same URL; MCP servers name their origin alone.
   */
  private static boolean covers(URI resource, URI server) {
    Optional<Origin> origin = Origin.of(resource);
    if (origin.isEmpty()
        || !origin.equals(Origin.of(server))
        || resource.getRawFragment() != null
        || resource.getRawQuery() != null) {
      return false;
    }
    // With a slash behind both, a prefix ends where a segment does.
    return closed(server).startsWith(closed(resource));
  }

  private static String closed(URI uri) {
    return uri.getRawPath().endsWith("/") ? uri.getRawPath() : uri.getRawPath() + "/";
  }

  private static Optional<URI> resource(JsonObject document) {
    try {
      return text(document.get("resource")).map(URI::create);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * The member's texts, each once; no member: none. Empty if it is anything but a list of texts.
   */
  private static Optional<List<String>> texts(JsonObject document, String name, int most) {
    JsonElement member = document.get(name);
    if (member == null) {
      return Optional.of(List.of());
    }
    if (!(member instanceof JsonArray array) || array.size() > most) {
      return Optional.empty();
    }
    List<String> texts = new ArrayList<>();
    for (JsonElement element : array) {
      Optional<String> text = text(element);
      if (text.isEmpty()) {
        return Optional.empty();
      }
      texts.add(text.get());
    }
    return Optional.of(texts.stream().distinct().toList());
  }

  private static Optional<String> text(@Nullable JsonElement value) {
    return Optional.ofNullable(value)
        .filter(v -> v.isJsonPrimitive() && v.getAsJsonPrimitive().isString())
        .map(JsonElement::getAsString)
        .filter(text -> text.length() <= MAX_TEXT);
  }
}
