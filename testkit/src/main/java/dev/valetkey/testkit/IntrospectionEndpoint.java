package dev.valetkey.testkit;

import java.util.LinkedHashMap;
import java.util.Map;

/** The introspection endpoint when nothing is wrong. RFC 7662. Threads: all. */
final class IntrospectionEndpoint {
  private final Issuer issuer;
  private final ClientCheck clients;

  IntrospectionEndpoint(Issuer issuer, ClientCheck clients) {
    this.issuer = issuer;
    this.clients = clients;
  }

  Reply.Full answer(SeenRequest request) {
    Form form = request.form();
    Client client = clients.authenticate(request, form, issuer.now());
    if (client == null || client.auth() == Client.Auth.NONE) {
      return TokenEndpoint.error(401, "invalid_client"); // RFC 7662 §2.3
    }
    Map<String, Object> claims = issuer.liveClaims(form.first("token"));
    if (claims == null) {
      return Reply.json(Map.of("active", false));
    }
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("active", true);
    said.put("token_type", "Bearer");
    said.putAll(claims);
    return Reply.json(said);
  }
}
