package dev.valetkey.config;

import java.util.List;

/** Where the user token of an outbound call is looked for, and where it must not be. */
public record UserTokenConfig(
    @Key(
            doc = "places in the order in which they are tried; the first that is present counts",
            derived = "`authorization`; `handle` and `trace` where the agent gets a handle",
            form = Form.TOKEN_SOURCE,
            filled = true)
        List<UserTokenSource> from,
    @Key(
            doc =
                "further places in which a user token or a handle must not leave for hosts that are not servers: such calls are refused")
        List<Guarded> guard) {

  /** A place of a request beside {@code Authorization} in which credentials are carried. */
  public enum Guarded {
    PROXY_AUTHORIZATION,
    COOKIE,
    QUERY
  }

  public UserTokenConfig {
    from = List.copyOf(from);
    guard = List.copyOf(guard);
  }

  /** Nothing beside {@code Authorization} is guarded. */
  public UserTokenConfig(List<UserTokenSource> from) {
    this(from, List.of());
  }

  /** Whether calls may be tied to users who were seen inbound. */
  public boolean correlates() {
    return from.stream().anyMatch(UserTokenSource.Correlator.class::isInstance);
  }
}
