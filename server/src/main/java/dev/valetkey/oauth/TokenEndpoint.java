package dev.valetkey.oauth;

import dev.valetkey.token.Deadline;
import java.net.URI;

/** Asks a token endpoint and reads its answer. Thread-safe; for virtual threads. */
final class TokenEndpoint {
  private final SignedPosts posts;
  private final TokenAnswerReader reader;

  TokenEndpoint(SignedPosts posts, TokenAnswerReader reader) {
    this.posts = posts;
    this.reader = reader;
  }

  /**
   * The answer to {@code form}; without readable credentials, as if the issuer had refused them.
   */
  TokenAnswer ask(URI endpoint, Form form, Deadline deadline) {
    return posts
        .post(endpoint, form, deadline)
        .map(reader::read)
        .orElseGet(() -> new TokenAnswer.Refused("invalid_client", 0));
  }
}
