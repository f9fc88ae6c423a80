package dev.valetkey.agents;

import dev.valetkey.testkit.Http;
import java.util.Map;

/**
 * What a user was answered.
 *
 * @param status of the answer to the user
 * @param called status that the agent got from the MCP server, or what stands before it; 202: it
 *     calls later; 0: its SDK shows none, or the agent was not reached
 * @param text what the agent was answered, as it came or as its SDK shows it; or why the user was
 *     refused
 */
record Answer(int status, int called, String text) {
  static Answer of(Http.Response response) {
    if (response.status() != 200) {
      return new Answer(response.status(), 0, response.text());
    }
    Map<String, Object> said = response.json();
    return new Answer(
        200, ((Number) said.get("status")).intValue(), String.valueOf(said.get("text")));
  }

  /** Whether the server took this user for its caller. */
  boolean names(String user) {
    return text.replace("\\", "").contains("\"sub\":\"" + user + "\"");
  }

  /** Whether it is a refusal of ours for this reason. */
  boolean isRefusal(String code) {
    return text.contains("\"code\":\"" + code + "\"") || text.contains("(valetkey: " + code + ")");
  }
}
