package dev.valetkey.oauth;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.token.Deadline;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the addresses of an issuer: RFC 8414 first, then OpenID Connect Discovery. Stateless.
 *
 * <p>Metadata counts only if its {@code issuer} is ours, letter by letter (RFC 8414 §3.3). User
 * tokens and our credentials go to no other origin than the issuer's because metadata says so:
 * endpoints elsewhere are pinned in the configuration. Public keys may be published anywhere; what
 * RFC 8705 §5 calls aliases is elsewhere by design, and for clients that show a certificate. Plain
 * http is not followed unless the configuration allows it, or it is where {@code connect_to}
 * points.
 */
final class Discovery {
  private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);
  private static final int MAX_BODY = 256 * 1024;
  private static final String OAUTH = "/.well-known/oauth-authorization-server";
  private static final String OPENID = "/.well-known/openid-configuration";

  private final IssuerConfig config;
  private final IssuerConnections connections;

  Discovery(IssuerConfig config, IssuerConnections connections) {
    this.config = config;
    this.connections = connections;
  }

  /** The addresses; asks nobody where the token endpoint and the keys are pinned. */
  Fetched<Metadata> fetch(Deadline deadline) {
    if (config.tokenEndpoint() != null && config.jwksUri() != null) {
      return new Fetched.Got<>(
          new Metadata(config.tokenEndpoint(), config.jwksUri(), config.introspectionEndpoint()));
    }
    Fetched<Metadata> last = new Fetched.Missed<>("metadata: none");
    for (URI place : places()) {
      switch (connections.get(place, MAX_BODY, deadline)) {
        case Reply.Failed failed -> {
          // The other forms are at the same origin.
          return new Fetched.Missed<>("metadata: " + failed.failure());
        }
        case Reply.Unusable unusable -> last = new Fetched.Missed<>("metadata: unusable body");
        case Reply.Answered answered -> {
          if (answered.status() >= 500) {
            return new Fetched.Missed<>("metadata: status " + answered.status());
          }
          if (answered.status() != 200) {
            last = new Fetched.Missed<>("metadata: status " + answered.status());
            continue;
          }
          Optional<JsonObject> document = answered.json();
          if (document.isPresent()) {
            return metadata(document.get());
          }
          // Some sites answer every unknown path with a page and status 200.
          last = new Fetched.Missed<>("metadata: not JSON");
        }
      }
    }
    return last;
  }

  /** Where metadata may be, in the order of RFC 8414 §3.1 and §5. */
  List<URI> places() {
    URI issuer = config.issuer();
    String origin = issuer.getScheme() + "://" + issuer.getRawAuthority();
    String path = issuer.getRawPath() == null ? "" : issuer.getRawPath().replaceFirst("/$", "");
    if (path.isEmpty()) {
      return List.of(URI.create(origin + OAUTH), URI.create(origin + OPENID));
    }
    return List.of(
        URI.create(origin + OAUTH + path),
        URI.create(origin + OPENID + path),
        URI.create(origin + path + OPENID));
  }

  private Fetched<Metadata> metadata(JsonObject document) {
    if (!config.issuer().toString().equals(text(document, "issuer"))) {
      return new Fetched.Missed<>("metadata: names another issuer");
    }
    URI tokenEndpoint = address(config.tokenEndpoint(), document, "token_endpoint");
    URI jwksUri = address(config.jwksUri(), document, "jwks_uri");
    URI introspectionEndpoint =
        address(config.introspectionEndpoint(), document, "introspection_endpoint");
    return tokenEndpoint == null && jwksUri == null
        ? new Fetched.Missed<>("metadata: no usable endpoint")
        : new Fetched.Got<>(new Metadata(tokenEndpoint, jwksUri, introspectionEndpoint));
  }

  /**
   * RFC 8705 §5: whoever shows a certificate is expected at another address, where there is one.
   */
  private @Nullable URI address(@Nullable URI pinned, JsonObject document, String name) {
    if (pinned != null) {
      return pinned;
    }
    URI alias =
        config.tls().certFile() != null
                && document.get("mtls_endpoint_aliases") instanceof JsonObject aliases
            ? address(aliases, name)
            : null;
    if (alias != null) {
      return alias;
    }
    URI named = address(document, name);
    boolean own =
        named != null
            && (Origin.of(named).equals(Origin.of(config.issuer()))
                || config.connectTo() != null
                    && Origin.of(named).equals(Origin.of(config.connectTo())));
    if (named == null || own || name.equals("jwks_uri")) {
      return named;
    }
    LOG.atWarn()
        .addKeyValue("issuer", config.name())
        .addKeyValue("endpoint", name)
        .addKeyValue("uri", named)
        .log("metadata names an endpoint on another origin; pin it if that is right");
    return null;
  }

  private @Nullable URI address(JsonObject document, String name) {
    String text = text(document, name);
    if (text == null) {
      return null;
    }
    try {
      URI uri = new URI(text);
      Optional<Origin> origin = Origin.of(uri);
      boolean http = origin.isPresent() && origin.get().scheme().equals("http");
      boolean dialled = config.connectTo() != null && origin.equals(Origin.of(config.connectTo()));
      boolean usable =
          origin.isPresent()
              && uri.getRawFragment() == null
              && (!http || config.allowHttp() || dialled);
      return usable ? uri : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static @Nullable String text(JsonObject document, String name) {
    JsonElement value = document.get(name);
    return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString()
        ? value.getAsString()
        : null;
  }
}
