package dev.valetkey.config;

import java.util.List;

/**
 * Where the user token of an outbound call is looked for.
 *
 * @param from where the user token is looked for, in this order; the first source that is present counts. Default:
 *     {@code [authorization]}
 */
public record UserTokenConfig(List<UserTokenSource> from) {}
