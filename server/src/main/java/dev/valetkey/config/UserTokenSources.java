package dev.valetkey.config;

import dev.valetkey.config.Shape.Parsed;
import java.util.Set;

/** How places of the user token are written. */
final class UserTokenSources {

  static final String KIND =
      "authorization, handle, trace, workload or header:<name>, the name in lower case";
  static final String PATTERN =
      "authorization|handle|trace|workload|header:[a-z0-9!#$%&'*+.^_`|~-]+";

  /** Their meaning is fixed: HTTP's own, and credentials that are not a user token. */
  private static final Set<String> TAKEN =
      Set.of(
          "authorization",
          "baggage",
          "connection",
          "content-length",
          "cookie",
          "host",
          "proxy-authorization",
          "traceparent",
          "transfer-encoding");

  private UserTokenSources() {}

  /**
   * @param text matches {@link #PATTERN}
   */
  static Parsed parse(String text) {
    return switch (text) {
      case "authorization" -> Scalars.value(new UserTokenSource.Authorization());
      case "handle" -> Scalars.value(new UserTokenSource.Handle());
      case "trace" -> Scalars.value(new UserTokenSource.TraceId());
      case "workload" -> Scalars.value(new UserTokenSource.Workload());
      default -> header(text.substring("header:".length()));
    };
  }

  private static Parsed header(String header) {
    if (TAKEN.contains(header)
        || header.startsWith("x-envoy-")
        || header.startsWith("x-valetkey-")) {
      return Scalars.fault("header '" + header + "' is reserved; name one of your own");
    }
    return Scalars.value(new UserTokenSource.Header(header));
  }
}
