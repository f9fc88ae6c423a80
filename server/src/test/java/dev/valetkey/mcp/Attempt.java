package dev.valetkey.mcp;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an agent is to try with its SDK: connect, list the tools, call {@code whoami}.
 *
 * @param url of the server, by its own name
 * @param token of the user; null: none
 * @param mode {@code legacy}: begins with initialize; {@code auto}: asks for the newest protocol
 *     first
 * @param accept what it would rather be answered; null: what the SDK says
 * @param auth {@code header}: the agent sets the header itself; {@code token}: the SDK asks it for
 *     the token; {@code oauth}: the SDK may sign in by itself
 */
record Attempt(
    String name,
    String url,
    @Nullable String token,
    String mode,
    @Nullable String accept,
    String auth) {

  Map<String, @Nullable Object> members() {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    members.put("name", name);
    members.put("url", url);
    members.put("token", token);
    members.put("mode", mode);
    members.put("accept", accept);
    members.put("auth", auth);
    return members;
  }

  /**
   * What came of it.
   *
   * @param tools names that the server listed; empty when it failed
   * @param whoami what the server said of its caller; empty when it failed
   * @param pushed whether a notification of the server arrived; only with {@code legacy}
   * @param error what the agent's user can be shown; null when it went well
   * @param did what the SDK did to sign the user in by itself
   */
  record Outcome(
      List<String> tools,
      Map<String, Object> whoami,
      boolean pushed,
      @Nullable String error,
      List<String> did) {}
}
