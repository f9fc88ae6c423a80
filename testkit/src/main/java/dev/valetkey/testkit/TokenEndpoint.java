package dev.valetkey.testkit;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The token endpoint when nothing is wrong: password, client credentials, token exchange, JWT
 * bearer. Threads: all.
 */
final class TokenEndpoint {
  static final String EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
  static final String JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  static final String TYPE = "urn:ietf:params:oauth:token-type:";

  /** Thumbprint of the key that the token shall be bound to. RFC 9449 §10. */
  private static final String KEY = "dpop_jkt";

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Issuer issuer;
  private final ClientCheck clients;
  private final ProofCheck proofs = new ProofCheck();

  TokenEndpoint(Issuer issuer, ClientCheck clients) {
    this.issuer = issuer;
    this.clients = clients;
  }

  Reply.Full answer(SeenRequest request) {
    if (!request.method().equals("POST")) {
      return Reply.empty(405);
    }
    Form form = request.form();
    Client client = clients.authenticate(request, form, issuer.now());
    if (client == null) {
      return error(401, "invalid_client");
    }
    if (issuer.switches().dpop) {
      proofs.want(issuer.switches().dpopNonce);
      String fault = proofs.fault(request, issuer.issuer() + "/token", null);
      if (fault != null) {
        Reply.Full refusal = error(400, fault);
        String nonce = proofs.nonce();
        return nonce == null ? refusal : refusal.and("DPoP-Nonce", nonce);
      }
      // Beside what was asked for, because it goes the same way.
      form = form.and(KEY, String.valueOf(ProofCheck.thumbprint(request)));
    }
    return switch (String.valueOf(form.first("grant_type"))) {
      case "password" -> password(form, client);
      case "client_credentials" -> clientCredentials(form, client);
      case EXCHANGE -> exchange(form, client);
      case JWT_BEARER -> assertion(form, client);
      default -> error(400, "unsupported_grant_type");
    };
  }

  /** A token that is kept for the user whose token is shown, with its name for all who ask. */
  Reply.Full kept(SeenRequest request) {
    String bearer = request.bearer();
    Map<String, Object> user = issuer.liveClaims(bearer);
    if (user == null) {
      return error(401, "invalid_token");
    }
    Map<String, Object> claims = issuer.baseClaims();
    claims.put("sub", String.valueOf(user.get("sub")));
    String token = issuer.switches().opaqueTokens ? opaque() : issuer.sign(claims);
    issuer.remember(token);
    boolean broker = request.path().endsWith("/sessions/token");
    return broker
        ? Reply.json(Map.of("token", token))
        : Reply.json(
            Map.of("access_token", token, "expires_in", issuer.switches().tokenLife.toSeconds()));
  }

  static Reply.Full error(int status, String code) {
    return Reply.json(status, Map.of("error", code, "error_description", "CANARY-description"));
  }

  private Reply.Full password(Form form, Client client) {
    String user = form.first("username");
    if (user == null || !Issuer.password(user).equals(form.first("password"))) {
      return error(401, "invalid_grant");
    }
    Map<String, Object> claims = issuer.userClaims(user);
    claims.put("azp", client.id());
    claims.put("client_id", client.id());
    claims.put("sid", UUID.randomUUID().toString());
    putScope(claims, form.first("scope"));
    String token = issuer.jwt(claims).signed();
    return issued(token, "Bearer", form.first("scope"), null);
  }

  private Reply.Full clientCredentials(Form form, Client client) {
    Map<String, Object> claims = issuer.baseClaims();
    claims.put("sub", client.id());
    return target(claims, form, client, null);
  }

  private Reply.Full exchange(Form form, Client client) {
    Map<String, Object> subject = issuer.liveClaims(form.first("subject_token"));
    String subjectType = form.first("subject_token_type");
    if (subject == null
        || !(isAccessTokenOrJwt(subjectType) || (TYPE + "id_token").equals(subjectType))) {
      return error(400, "invalid_request"); // RFC 8693 §2.2.2
    }
    String asked = form.first("requested_token_type");
    String given = asked == null ? TYPE + "access_token" : asked;
    if ((TYPE + "id-jag").equals(given)) {
      return identityAssertion(form, client, subject);
    }
    if (!isAccessTokenOrJwt(given)) {
      return error(400, "invalid_request");
    }
    Map<String, Object> claims = issuer.baseClaims();
    for (String kept : List.of("sub", "sid", "acr", "act")) {
      Object value = subject.get(kept);
      if (value != null) {
        claims.put(kept, value);
      }
    }
    String actorToken = form.first("actor_token");
    if (actorToken != null) {
      Jwt actor = Jwt.read(actorToken);
      if (actor == null || form.first("actor_token_type") == null) {
        return error(400, "invalid_request");
      }
      claims.put("act", actorClaim(actor, subject));
    }
    return target(claims, form, client, given);
  }

  /** draft-ietf-oauth-identity-assertion-authz-grant §4: for the issuer that is named. */
  private Reply.Full identityAssertion(Form form, Client client, Map<String, Object> user) {
    Map<String, Object> claims = issuer.baseClaims();
    claims.remove("typ");
    claims.put("sub", String.valueOf(user.get("sub")));
    claims.put("aud", String.valueOf(form.first("audience")));
    claims.put("client_id", client.id());
    claims.put("resource", String.valueOf(form.first("resource")));
    putScope(claims, form.first("scope"));
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("access_token", issuer.jwt(claims).header("typ", "oauth-id-jag+jwt").signed());
    body.put("issued_token_type", TYPE + "id-jag");
    body.put("token_type", "N_A");
    body.put("expires_in", issuer.switches().tokenLife.toSeconds());
    return Reply.json(body);
  }

  /** RFC 7523 §3: made for us, by us or by an issuer that we trust. */
  private Reply.Full assertion(Form form, Client client) {
    Jwt assertion = Jwt.read(String.valueOf(form.first("assertion")));
    if (assertion == null || !isForUs(assertion, client)) {
      return error(400, "invalid_grant"); // RFC 7523 §3.1
    }
    Map<String, Object> claims = issuer.baseClaims();
    claims.put("sub", String.valueOf(assertion.claim("sub")));
    String resource = assertion.claim("resource");
    boolean asks = form.first("audience") != null || form.first("resource") != null;
    return target(
        claims, resource == null || asks ? form : form.and("resource", resource), client, null);
  }

  private boolean isForUs(Jwt assertion, Client client) {
    List<String> audience = assertion.audience();
    return issuer.isTrusted(assertion)
        && (audience.contains(issuer.issuer()) || audience.contains(client.id()))
        && assertion.claims().get("exp") instanceof Long exp
        && issuer.now().getEpochSecond() < exp;
  }

  /**
   * Names the audience and the scope that were asked for. {@code audience} outranks {@code
   * resource}; neither: no {@code aud}.
   */
  private Reply.Full target(
      Map<String, Object> claims, Form form, Client client, @Nullable String issuedType) {
    List<String> audience = form.all("audience");
    List<String> target = audience.isEmpty() ? form.all("resource") : audience;
    if (!target.isEmpty()) {
      claims.put("aud", target.size() == 1 ? target.getFirst() : target);
    }
    claims.put("azp", client.id());
    claims.put("client_id", client.id());
    putScope(claims, form.first("scope"));
    String key = form.first(KEY);
    if (key != null) {
      claims.put("cnf", Map.of("jkt", key)); // RFC 9449 §6.1
    }
    String token = issuer.switches().opaqueTokens ? opaque() : issuer.sign(claims);
    issuer.remember(token);
    return issued(token, key == null ? "Bearer" : "DPoP", form.first("scope"), issuedType);
  }

  private Reply.Full issued(
      String token, String type, @Nullable String scope, @Nullable String issuedType) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("access_token", token);
    body.put("token_type", type);
    body.put("expires_in", issuer.switches().tokenLife.toSeconds());
    if (issuedType != null) {
      body.put("issued_token_type", issuedType);
    }
    if (scope != null) {
      body.put("scope", scope);
    }
    return Reply.json(body);
  }

  private static boolean isAccessTokenOrJwt(@Nullable String type) {
    return (TYPE + "access_token").equals(type) || (TYPE + "jwt").equals(type);
  }

  private static Map<String, Object> actorClaim(Jwt actor, Map<String, Object> subject) {
    Map<String, Object> act = new LinkedHashMap<>();
    act.put("sub", String.valueOf(actor.claim("sub")));
    Object earlier = subject.get("act");
    if (earlier != null) {
      act.put("act", earlier); // RFC 8693 §4.1: the chain of delegation nests
    }
    return act;
  }

  private void putScope(Map<String, Object> claims, @Nullable String scope) {
    if (scope != null) {
      claims.put(
          "scope",
          issuer.switches().scopeAsArray ? new ArrayList<>(List.of(scope.split(" "))) : scope);
    }
  }

  private static String opaque() {
    byte[] random = new byte[24];
    RANDOM.nextBytes(random);
    return "CANARY-opaque-" + HexFormat.of().formatHex(random);
  }
}
