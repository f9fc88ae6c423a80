package dev.valetkey.admin;

import dev.valetkey.token.Secret;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * What would happen to a call and why.
 *
 * @param lines always six, in this order: call, user, token, target, cache, decision
 * @param forwarded whether the call would reach its server
 * @param reason stable code of the refusal; empty when the call is forwarded
 * @param httpStatus what the agent would get from us; 0 when the call is forwarded
 */
@NullMarked
public record Explanation(List<Line> lines, boolean forwarded, String reason, int httpStatus) {

  public Explanation {
    lines = List.copyOf(lines);
  }

  /** One line: what it is about, and what was found, as text for a person. */
  public record Line(String name, String value) {}

  /**
   * The call that is asked about.
   *
   * @param method HTTP method
   * @param url absolute URL that the agent would call
   * @param userToken without a scheme; null: the call carries none
   * @param headers further headers that bear on the answer, by lower-case name
   */
  public record Question(
      String method, String url, @Nullable Secret userToken, Map<String, String> headers) {
    public Question {
      headers = Map.copyOf(headers);
    }
  }
}
