package dev.valetkey.gate;

import dev.valetkey.call.Reason;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.UserTokenSource;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import org.jspecify.annotations.Nullable;

/**
 * How a call would be judged, as far as that follows without asking for a token.
 *
 * @param server the server it belongs to; null if it belongs to none
 * @param refusal why it is refused; null if it is not, or if only the token can tell
 * @param source where the user token was found; null if there is none or none is needed
 * @param user the user; null if there is none, none is needed, or the token is not valid
 * @param request what the token provider would be asked; null if no token is needed
 */
public record Trace(
    @Nullable ServerConfig server,
    @Nullable Reason refusal,
    @Nullable UserTokenSource source,
    @Nullable User user,
    @Nullable TokenRequest request) {}
