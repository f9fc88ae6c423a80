package dev.valetkey.config;

import java.util.List;

/** Where the user token of an outbound call is looked for. */
public record UserTokenConfig(
    @Key(
            doc = "places in the order in which they are tried; the first that is present counts",
            initial = "authorization",
            form = Form.TOKEN_SOURCE,
            filled = true)
        List<UserTokenSource> from) {
  public UserTokenConfig {
    from = List.copyOf(from);
  }
}
