package dev.valetkey.testkit;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An OAuth issuer on loopback: metadata, keys, introspection, a token endpoint with password,
 * client credentials, token exchange and JWT bearer, and what a token broker has: tokens that are
 * kept for a user. It records what arrives, and its {@link #faults} make it misbehave. Every secret
 * and every token it makes contains {@code CANARY-}. Threads: all.
 */
public final class Issuer implements AutoCloseable {
  /** The secret of the client {@code agent}; form encoding changes many of its characters. */
  public static final String AGENT_SECRET = "CANARY-agent secret+:%&/é";

  private final IssuerOptions options;
  private final LoopbackServer server;
  private final String issuer;
  private final KeyRing keys = new KeyRing();
  private final Switches switches = new Switches();
  private final Faults faults = new Faults();
  private final RequestLog log;
  private final List<Issuer> trusted = new CopyOnWriteArrayList<>();
  private final Set<String> revoked = ConcurrentHashMap.newKeySet();
  private final Map<String, Map<String, Object>> opaque = new ConcurrentHashMap<>();
  private final List<String> userTokens = Collections.synchronizedList(new ArrayList<>());
  private final List<String> issuedTokens = Collections.synchronizedList(new ArrayList<>());

  private Issuer(IssuerOptions options, LoopbackServer server) {
    this.options = options;
    this.server = server;
    this.log = new RequestLog(options.recording());
    String origin = options.publicOrigin();
    this.issuer = (origin == null ? server.url("") : origin) + options.path();
  }

  public static Issuer start() {
    return start(IssuerOptions.defaults());
  }

  public static Issuer start(IssuerOptions options) {
    TestCa.Certificate certificate = options.certificate();
    LoopbackServer server =
        certificate != null && certificate.mutual()
            ? LoopbackServer.bindMutual(options.address(), options.port(), certificate.context())
            : LoopbackServer.bind(
                options.address(),
                options.port(),
                certificate == null ? null : certificate.context());
    Issuer issuer = new Issuer(options, server);
    ClientCheck clients = new ClientCheck(issuer.issuer, options.clients());
    TokenEndpoint tokens = new TokenEndpoint(issuer, clients);
    IntrospectionEndpoint introspection = new IntrospectionEndpoint(issuer, clients);
    server.serve(request -> issuer.handle(request, tokens, introspection));
    return issuer;
  }

  /** The issuer identifier, as in {@code iss} and in the product's configuration. */
  public String issuer() {
    return issuer;
  }

  /** Where it is dialled, without a path: for {@code connect_to}. */
  public String origin() {
    return server.url("");
  }

  public URI tokenEndpoint() {
    return URI.create(server.url(options.path() + "/token"));
  }

  public URI introspectionEndpoint() {
    return URI.create(server.url(options.path() + "/introspect"));
  }

  /** Where a token of a third party is fetched with the user's own, as at Keycloak. */
  public URI storedTokenEndpoint() {
    return URI.create(server.url(options.path() + "/broker/github/token"));
  }

  public URI jwksUri() {
    return URI.create(server.url(options.path() + "/jwks"));
  }

  /** The password of any user: every name is one. */
  public static String password(String user) {
    return "CANARY-" + user + "-password";
  }

  public Switches switches() {
    return switches;
  }

  public Faults faults() {
    return faults;
  }

  /** Everything that arrived. */
  public RequestLog requests() {
    return log;
  }

  /** The requests that reached the token endpoint; empty when recording is off. */
  public List<SeenRequest> tokenCalls() {
    return log.where(r -> r.path().equals(options.path() + "/token"));
  }

  /** The requests that reached the introspection endpoint. */
  public List<SeenRequest> introspections() {
    return log.where(r -> r.path().equals(options.path() + "/introspect"));
  }

  /** The forms of all token exchanges that arrived. */
  public List<Form> exchanges() {
    return tokenCalls().stream()
        .map(SeenRequest::form)
        .filter(f -> TokenEndpoint.EXCHANGE.equals(f.first("grant_type")))
        .toList();
  }

  /** Its connections: how many were accepted, how many requests were in flight, breaking them. */
  public LoopbackServer server() {
    return server;
  }

  /** A valid token of this user, as from a login at the chat application. */
  public String userToken(String user) {
    return jwt(user).signed();
  }

  /** A valid token of this user that only this issuer can read. */
  public String opaqueUserToken(String user) {
    return opaqueUserToken(jwt(user));
  }

  /** The same with other claims: those that a JWT of {@code makings} would have. */
  public String opaqueUserToken(JwtBuilder makings) {
    String token = "CANARY-user-" + UUID.randomUUID();
    Map<String, Object> claims = new LinkedHashMap<>();
    makings
        .claims()
        .forEach((name, value) -> {
          if (value != null) {
            claims.put(name, value);
          }
        });
    opaque.put(token, claims);
    keep(userTokens, token);
    return token;
  }

  /** The makings of a user token, to be changed or spoilt. */
  public JwtBuilder jwt(String user) {
    return jwt(userClaims(user));
  }

  /** The makings of a logout token, without {@code sid} and {@code sub}. */
  public JwtBuilder logout() {
    Map<String, Object> claims = baseClaims();
    claims.remove("typ");
    claims.put("aud", options.audience());
    claims.put("events", Map.of("http://schemas.openid.net/event/backchannel-logout", Map.of()));
    return new JwtBuilder(keys.current(switches.algorithm), claims, now(), token -> {})
        .header("typ", "logout+jwt")
        .expiresIn(Duration.ofMinutes(2));
  }

  /**
   * The tokens of users that were made here, good and forged ones: none may ever reach an upstream.
   */
  public List<String> userTokens() {
    synchronized (userTokens) {
      return List.copyOf(userTokens);
    }
  }

  /** The tokens that clients got for servers. */
  public List<String> issuedTokens() {
    synchronized (issuedTokens) {
      return List.copyOf(issuedTokens);
    }
  }

  /** This token is no subject token any more, as after a logout. */
  public void revoke(String userToken) {
    revoked.add(userToken);
  }

  /** New keys sign from now on; the old ones stay published or vanish. */
  public void rotateKeys(boolean keepOld) {
    keys.rotate(keepOld);
  }

  /** Assertions that this issuer made count here. */
  public void trust(Issuer other) {
    trusted.add(other);
  }

  /** True for a JWT that an issuer made whose assertions count here, this one among them. */
  boolean isTrusted(Jwt assertion) {
    return Stream.concat(Stream.of(this), trusted.stream())
        .anyMatch(maker ->
            maker.issuer.equals(assertion.claim("iss")) && maker.hasSigned(assertion.text()));
  }

  /** True for a JWT whose signature is one of ours. */
  public boolean hasSigned(String token) {
    Jwt jwt = Jwt.read(token);
    return jwt != null && keys.signed(jwt);
  }

  @Override
  public void close() {
    server.close();
  }

  /** Claims of a user's login: {@code sid} and {@code jti} differ each time. */
  Map<String, Object> userClaims(String user) {
    Map<String, Object> claims = baseClaims();
    claims.put("sub", user);
    claims.put("aud", options.audience());
    claims.put("azp", "chat-app");
    claims.put("client_id", "chat-app");
    claims.put("sid", UUID.randomUUID().toString());
    claims.put("scope", "openid profile");
    return claims;
  }

  Map<String, Object> baseClaims() {
    long now = now().getEpochSecond();
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("iss", issuer);
    claims.put("typ", "Bearer");
    claims.put("jti", "CANARY-jti-" + UUID.randomUUID());
    claims.put("iat", now);
    claims.put("exp", now + switches.tokenLife.toSeconds());
    return claims;
  }

  JwtBuilder jwt(Map<String, Object> claims) {
    return new JwtBuilder(
        keys.current(switches.algorithm), claims, now(), token -> keep(userTokens, token));
  }

  /** The makings of a token that is no user's. */
  JwtBuilder unremembered(Map<String, Object> claims) {
    return new JwtBuilder(keys.current(switches.algorithm), claims, now(), t -> {});
  }

  String sign(Map<String, Object> claims) {
    return unremembered(claims).signed();
  }

  void remember(String issued) {
    keep(issuedTokens, issued);
  }

  /** The claims of a token of ours that counts now; null for anything else. */
  @Nullable Map<String, Object> liveClaims(@Nullable String token) {
    if (token == null || revoked.contains(token)) {
      return null;
    }
    Map<String, Object> claims = opaque.get(token);
    if (claims == null) {
      Jwt jwt = Jwt.read(token);
      claims = jwt != null && isTrusted(jwt) ? jwt.claims() : null;
    }
    boolean over =
        claims != null
            && claims.get("exp") instanceof Number exp
            && now().getEpochSecond() >= exp.longValue();
    return over ? null : claims;
  }

  Instant now() {
    return options.clock().instant();
  }

  private void keep(List<String> list, String token) {
    if (options.recording()) {
      list.add(token);
    }
  }

  private Reply handle(
      SeenRequest request, TokenEndpoint tokens, IntrospectionEndpoint introspection) {
    log.add(request);
    String path = request.path();
    String base = options.path();
    if (path.equals(base + "/token")) {
      return faults.onToken(this, request, () -> tokens.answer(request));
    }
    if (path.equals(base + "/introspect")) {
      return faults.onIntrospection(this, request, () -> introspection.answer(request));
    }
    if (path.equals(base + "/sessions/token") || path.startsWith(base + "/broker/")) {
      return faults.onBroker(this, request, () -> tokens.kept(request));
    }
    if (path.equals(base + "/jwks")) {
      return faults.onJwks(this, request, () -> Reply.json(keys.jwks(switches.jwksWithAlg)));
    }
    // RFC 8414 §3.1 inserts the well-known part before the path; OpenID Connect Discovery §4
    // appends it.
    boolean oauth = path.equals("/.well-known/oauth-authorization-server" + base);
    boolean openid = path.equals(base + "/.well-known/openid-configuration");
    if ((oauth && switches.oauthMetadata) || (openid && switches.openidMetadata)) {
      return faults.onMetadata(this, request, () -> Reply.json(metadata()));
    }
    return Reply.text(404, "nothing here");
  }

  private Map<String, Object> metadata() {
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("issuer", issuer);
    metadata.put("authorization_endpoint", issuer + "/authorize");
    metadata.put("token_endpoint", issuer + "/token");
    metadata.put("jwks_uri", issuer + "/jwks");
    metadata.put("introspection_endpoint", issuer + "/introspect");
    metadata.put("response_types_supported", List.of("code"));
    metadata.put(
        "grant_types_supported",
        List.of(
            "password", "client_credentials", TokenEndpoint.EXCHANGE, TokenEndpoint.JWT_BEARER));
    metadata.put(
        "token_endpoint_auth_methods_supported",
        Arrays.stream(Client.Auth.values()).map(Client.Auth::wireName).toList());
    return metadata;
  }
}
