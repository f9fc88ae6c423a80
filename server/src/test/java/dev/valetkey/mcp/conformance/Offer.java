package dev.valetkey.mcp.conformance;

import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import java.net.URI;
import java.util.Map;

/**
 * What a scenario gives to the client under test.
 *
 * @param server the MCP server, made for this run
 * @param issuer the authorization server that its metadata names (RFC 9728 §3)
 * @param context credentials; empty where the scenario has none
 */
record Offer(URI server, String issuer, Map<String, Object> context) {
  /**
   * @param context JSON, as in {@code MCP_CONFORMANCE_CONTEXT}
   */
  static Offer of(URI server, String context) {
    URI place = server.resolve("/.well-known/oauth-protected-resource" + server.getPath());
    Object issuers = Http.get(place).json().get("authorization_servers");
    return new Offer(server, Json.texts(issuers).getFirst(), Json.object(context));
  }

  /** A text of the context, which the scenario must have. */
  String text(String name) {
    String text = Json.text(context, name);
    if (text == null) {
      throw new IllegalStateException("the scenario gives no " + name);
    }
    return text;
  }
}
