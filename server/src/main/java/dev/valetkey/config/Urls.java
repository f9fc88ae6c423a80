package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** URLs of issuers and servers: what is accepted, and the canonical form. */
final class Urls {

  private Urls() {}

  /**
   * An http(s) URL; whether plain http is allowed is for the rules to say, which see the whole
   * section.
   */
  static Parsed parse(String text, Form form) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      return Scalars.fault(isPattern(authorityOf(text)) ? PATTERN : "must be a URL" + was(text));
    }
    String fault = fault(uri, text, form);
    if (fault != null) {
      return Scalars.fault(fault);
    }
    return Scalars.value(form == Form.SERVER_URL ? canonical(uri) : uri);
  }

  /** RFC 8707 §2: an absolute URI without a fragment. */
  static Parsed resource(String text) {
    try {
      URI uri = new URI(text);
      if (uri.isAbsolute() && uri.getRawFragment() == null) {
        return Scalars.value(uri);
      }
    } catch (URISyntaxException e) {
      // Answered below, like the other ways not to be an absolute URI.
    }
    return Scalars.fault("must be an absolute URI without a fragment (RFC 8707 §2)" + was(text));
  }

  /** Host and port, the port always there. */
  static String address(URI url) {
    int port = url.getPort() >= 0 ? url.getPort() : defaultPort(url);
    return url.getHost() + ":" + port;
  }

  /** The path with which paths are compared: the empty path and the root are one. */
  static String path(URI url) {
    return url.getRawPath().isEmpty() ? "/" : url.getRawPath();
  }

  /** What is said of a host with wildcards. */
  static final String PATTERN =
      "must name one host, not a pattern: a token goes to pinned hosts only";

  private static @Nullable String fault(URI uri, String text, Form form) {
    if (!"https".equalsIgnoreCase(uri.getScheme()) && !"http".equalsIgnoreCase(uri.getScheme())) {
      return "must be an https URL" + was(text);
    }
    String authority = authorityOf(text);
    if (authority.contains("@")) {
      return "must not hold a user name or password";
    }
    if (isPattern(authority)) {
      return PATTERN;
    }
    if (uri.getHost() == null || uri.getHost().endsWith(".")) {
      return "must have a host name of letters, digits, hyphens and dots, or an IP address"
          + was(text);
    }
    if (authority.endsWith(":") || uri.getPort() == 0 || uri.getPort() > 65535) {
      return "port must be between 1 and 65535" + was(text);
    }
    if (uri.getRawFragment() != null) {
      return "must not have a fragment" + was(text);
    }
    if (uri.getRawQuery() != null && form != Form.ENDPOINT) {
      return "must not have a query" + was(text);
    }
    return pathFault(uri, text, form);
  }

  private static boolean isPattern(String authority) {
    return authority.contains("*") || authority.contains("{");
  }

  private static @Nullable String pathFault(URI uri, String text, Form form) {
    String path = uri.getRawPath();
    if (form == Form.ORIGIN && !path.isEmpty() && !path.equals("/")) {
      return "must be scheme, host and port only" + was(text);
    }
    if (form != Form.SERVER_URL) {
      return null;
    }
    // The proxy and the server may take such a path for another one, so that no rule about it could
    // be kept.
    boolean ambiguous =
        path.contains("//")
            || path.contains(";")
            || path.toLowerCase(Locale.ROOT).matches(".*(%2e|%2f|%5c|%25|%00).*");
    for (String segment : path.split("/", -1)) {
      ambiguous |= segment.equals(".") || segment.equals("..");
    }
    return ambiguous
        ? "must have a plain path: no empty or dot segments, no ';', no encoded '.', '/', '\\' or '%'"
            + was(text)
        : null;
  }

  /**
   * MCP authorization, canonical server URI: lower case, no default port, no trailing slash unless
   * the path is one.
   */
  private static URI canonical(URI uri) {
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    String port = uri.getPort() < 0 || uri.getPort() == defaultPort(uri) ? "" : ":" + uri.getPort();
    String path = uri.getRawPath();
    String trimmed =
        path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return URI.create(scheme + "://" + uri.getHost().toLowerCase(Locale.ROOT) + port + trimmed);
  }

  private static int defaultPort(URI uri) {
    return uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  /** What stands between the slashes, also of a text that is no URI. */
  private static String authorityOf(String text) {
    return text.replaceFirst("^[^/]*//", "").replaceFirst("[/?#].*", "");
  }

  /** The text without the places where people put secrets. */
  private static String was(String text) {
    String shown = text.replaceFirst("//[^/?#]*@", "//***@").replaceFirst("([?#]).+", "$1…");
    return " (was " + Names.shown(shown) + ")";
  }
}
