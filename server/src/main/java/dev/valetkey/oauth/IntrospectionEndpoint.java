package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.valetkey.token.Deadline;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenOutcome.Cause;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Asks an introspection endpoint and reads its answer (RFC 7662). Thread-safe; for virtual threads.
 */
final class IntrospectionEndpoint {
  private final SignedPosts posts;
  private final TokenAnswerReader reader;
  private final InstantSource clock;

  IntrospectionEndpoint(SignedPosts posts, TokenAnswerReader reader, InstantSource clock) {
    this.posts = posts;
    this.reader = reader;
    this.clock = clock;
  }

  Introspected ask(URI endpoint, Secret token, Deadline deadline) {
    Instant asked = clock.instant();
    // RFC 7662 §2.1: the hint spares the issuer a search.
    Form form = Form.EMPTY.with("token", token.reveal()).with("token_type_hint", "access_token");
    return posts
        .post(endpoint, form, deadline)
        .map(reply -> read(reply, asked))
        .orElseGet(Introspected.ClientRefused::new);
  }

  private Introspected read(Reply reply, Instant asked) {
    return switch (reader.body(reply)) {
      case TokenAnswerReader.Body.Failure failure ->
          switch (failure.answer()) {
            case TokenAnswer.Unavailable unavailable -> unavailable;
            case TokenAnswer.Refused refused ->
                TokenAnswerReader.refusedClient(reply)
                    ? new Introspected.ClientRefused()
                    : TokenAnswerReader.unavailable(Cause.ANSWER);
            case TokenAnswer.Success success -> TokenAnswerReader.unavailable(Cause.ANSWER);
          };
      case TokenAnswerReader.Body.Document document -> judge(document.json(), asked);
    };
  }

  /** RFC 7662 §2.2: {@code active} is REQUIRED and a boolean; a yes in other words is none. */
  private static Introspected judge(JsonObject json, Instant asked) {
    if (!(json.get("active") instanceof JsonPrimitive active) || !active.isBoolean()) {
      return TokenAnswerReader.unavailable(Cause.ANSWER);
    }
    if (!active.getAsBoolean()) {
      return new Introspected.Inactive();
    }
    Optional<Claims> claims = Claims.of(json);
    return claims.isPresent()
        ? new Introspected.Active(claims.get(), asked)
        : TokenAnswerReader.unavailable(Cause.ANSWER);
  }
}
