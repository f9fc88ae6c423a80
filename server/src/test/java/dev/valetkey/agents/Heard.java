package dev.valetkey.agents;

import dev.valetkey.testkit.Json;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A request as the agent got it.
 *
 * @param headers names in lower case
 */
record Heard(String path, Map<String, Object> headers) {
  private static final Pattern MEMBER = Pattern.compile("valetkey=(vkh-[^,; ]+)");

  static Heard of(String line) {
    Map<String, Object> request = Json.object(line);
    return new Heard(String.valueOf(request.get("path")), Json.object(request, "headers"));
  }

  List<String> values(String header) {
    return Json.texts(headers.get(header));
  }

  /** What stands in its baggage for the user; empty when there is nothing, or more than one. */
  String handle() {
    List<String> members =
        MEMBER.matcher(String.join(",", values("baggage"))).results().map(m -> m.group(1)).toList();
    return members.size() == 1 ? members.getFirst() : "";
  }
}
