package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome.Cause;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A token broker: it gets a server's token for the user, and may have to wait until the user
 * agrees. Calls for different servers wait beside each other. Thread-safe; for virtual threads.
 */
public final class TokenBroker implements AutoCloseable {
  private static final int MAX_BODY = 256 * 1024;

  private final GrantConfig.TokenBroker config;
  private final IssuerConnections connections;
  private final URI endpoint;

  TokenBroker(GrantConfig.TokenBroker config) {
    this.config = config;
    this.connections =
        new IssuerConnections(config.maxInFlight(), config.tls(), null, Optional.empty());
    this.endpoint = URI.create(config.url().toString().replaceFirst("/$", "") + "/sessions/token");
  }

  /** Asks for a token of {@code server}; takes no longer than the configured {@code max_wait}. */
  public TokenAnswer token(URI server, Secret userToken, Deadline deadline) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Authorization", "Bearer " + userToken.reveal());
    headers.put("X-Server-Url", server.getScheme() + "://" + server.getRawAuthority());
    if (config.authorizationEndpoint() != null) {
      headers.put("X-Authorization-Endpoint", config.authorizationEndpoint().toString());
    }
    if (config.tokenEndpoint() != null) {
      headers.put("X-Token-Endpoint", config.tokenEndpoint().toString());
    }
    Deadline patience = deadline.atMost(config.maxWait());
    return switch (connections.post(endpoint, headers, "", MAX_BODY, patience)) {
      case Reply.Answered answered -> read(answered);
      case Reply.Unusable unusable -> TokenAnswerReader.unavailable(Cause.BROKER);
      case Reply.Failed failed ->
          TokenAnswerReader.unavailable(
              switch (failed.failure()) {
                case CONNECTION, TLS -> Cause.BROKER;
                case TIMEOUT -> Cause.CONSENT;
                case BUSY -> Cause.BUSY;
              });
    };
  }

  private static TokenAnswer read(Reply.Answered reply) {
    String code = reply.json().map(TokenBroker::code).orElse("");
    if (code.equals("session_expired")) {
      return new TokenAnswer.Refused("invalid_grant", reply.status());
    }
    return switch (reply.status()) {
      case 200 ->
          code.isEmpty()
              ? reply
                  .json()
                  .flatMap(TokenAnswerReader::brokered)
                  .orElseGet(() -> TokenAnswerReader.unavailable(Cause.BROKER))
              : TokenAnswerReader.unavailable(Cause.BROKER);
      case 401 -> new TokenAnswer.Refused("invalid_grant", 401);
      case 403 -> new TokenAnswer.Refused("access_denied", 403);
      case 408 -> TokenAnswerReader.unavailable(Cause.CONSENT);
      default -> TokenAnswerReader.unavailable(Cause.BROKER);
    };
  }

  /** Brokers say what went wrong in {@code error} or in {@code code}; empty: in neither. */
  private static String code(JsonObject body) {
    return body.get("error") instanceof JsonPrimitive error && error.isString()
        ? error.getAsString()
        : body.get("code") instanceof JsonPrimitive code && code.isString()
            ? code.getAsString()
            : "";
  }

  /** Lets running calls end. */
  @Override
  public void close() {
    connections.close();
  }
}
