package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Client authentication at the token endpoint. RFC 6749 §2.3, RFC 7523 §2.2. Threads: all. */
final class ClientCheck {
  private static final String ASSERTION_TYPE =
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

  private final String issuer;
  private final List<Client> clients;
  private final Set<String> usedAssertions = ConcurrentHashMap.newKeySet();

  ClientCheck(String issuer, List<Client> clients) {
    this.issuer = issuer;
    this.clients = clients;
  }

  /**
   * The client that made the request; null when it did not prove who it is, or in more than one
   * way.
   */
  @Nullable Client authenticate(SeenRequest request, Form form, Instant now) {
    String basic = request.header("authorization");
    String assertion = form.first("client_assertion");
    String secret = form.first("client_secret");
    if (basic != null) {
      return secret == null && assertion == null ? byBasic(basic) : null;
    }
    if (assertion != null) {
      boolean typed = ASSERTION_TYPE.equals(form.first("client_assertion_type"));
      return typed && secret == null ? byAssertion(assertion, now) : null;
    }
    String id = form.first("client_id");
    return secret != null
        ? bySecret(Client.Auth.CLIENT_SECRET_POST, id, secret)
        : find(Client.Auth.NONE, id);
  }

  private @Nullable Client byBasic(String header) {
    if (!header.startsWith("Basic ")) {
      return null;
    }
    try {
      String pair = new String(Base64.getDecoder().decode(header.substring(6)), UTF_8);
      int colon = pair.indexOf(':');
      // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
      return colon < 0
          ? null
          : bySecret(
              Client.Auth.CLIENT_SECRET_BASIC,
              URLDecoder.decode(pair.substring(0, colon), UTF_8),
              URLDecoder.decode(pair.substring(colon + 1), UTF_8));
    } catch (IllegalArgumentException notBase64) {
      return null;
    }
  }

  private @Nullable Client bySecret(Client.Auth auth, @Nullable String id, String secret) {
    Client client = find(auth, id);
    String expected = client == null ? null : client.secret();
    boolean same =
        expected != null && MessageDigest.isEqual(expected.getBytes(UTF_8), secret.getBytes(UTF_8));
    return same ? client : null;
  }

  private @Nullable Client byAssertion(String assertion, Instant now) {
    Jwt jwt = Jwt.read(assertion);
    Client client = jwt == null ? null : find(Client.Auth.PRIVATE_KEY_JWT, jwt.claim("sub"));
    PublicKey key = client == null ? null : client.key();
    if (jwt == null || client == null || key == null) {
      return null;
    }
    String jti = jwt.claim("jti");
    // RFC 7523 §3 with the audience narrowed to the issuer, as its revision demands; each assertion
    // counts once.
    boolean valid =
        client.id().equals(jwt.claim("iss"))
            && jwt.audience().equals(List.of(issuer))
            && jwt.claims().get("exp") instanceof Long exp
            && now.getEpochSecond() < exp
            && jti != null
            && jwt.signedBy(key)
            && usedAssertions.add(jti);
    return valid ? client : null;
  }

  private @Nullable Client find(Client.Auth auth, @Nullable String id) {
    return clients.stream()
        .filter(client -> client.auth() == auth && client.id().equals(id))
        .findFirst()
        .orElse(null);
  }
}
