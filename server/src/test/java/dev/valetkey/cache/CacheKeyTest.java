package dev.valetkey.cache;

import static dev.valetkey.cache.CacheWorld.digest;
import static dev.valetkey.cache.CacheWorld.exchange;
import static dev.valetkey.cache.CacheWorld.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.config.ClientAuthMethod;
import dev.valetkey.config.Copies;
import dev.valetkey.config.ExpectConfig;
import dev.valetkey.config.GrantConfig;
import dev.valetkey.config.GrantConfig.TokenExchange;
import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.Profile;
import dev.valetkey.config.ServerConfig;
import dev.valetkey.config.TlsConfig;
import dev.valetkey.telemetry.HitCounters;
import dev.valetkey.token.Session;
import dev.valetkey.token.Subject;
import dev.valetkey.token.Target;
import dev.valetkey.token.TokenDigest;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What belongs to the key: hardening.md T14 and T15, R-CA-1. */
class CacheKeyTest {
  private static final Instant LATER = Instant.parse("2030-01-01T00:00:00Z");

  private final CacheWorld world = new CacheWorld();

  @AfterEach
  void close() {
    world.close();
  }

  // T14, R-CA-1, AB4
  @Test
  void changingAnyOneFieldOfTheSubjectIsAMiss() {
    Subject base = subject("iss", "alice", "sid", "agent", Set.of("a", "b"), "1", "{}", "[]");
    world.get(request(base, "rule"));

    List<TokenRequest> others =
        List.of(
            request(
                subject("iss2", "alice", "sid", "agent", Set.of("a", "b"), "1", "{}", "[]"),
                "rule"),
            request(
                subject("iss", "bob", "sid", "agent", Set.of("a", "b"), "1", "{}", "[]"), "rule"),
            request(
                subject("iss", "alice", "sid2", "agent", Set.of("a", "b"), "1", "{}", "[]"),
                "rule"),
            request(
                subject("iss", "alice", null, "agent", Set.of("a", "b"), "1", "{}", "[]"), "rule"),
            request(
                subject("iss", "alice", "sid", "other", Set.of("a", "b"), "1", "{}", "[]"), "rule"),
            request(
                subject("iss", "alice", "sid", null, Set.of("a", "b"), "1", "{}", "[]"), "rule"),
            request(subject("iss", "alice", "sid", "agent", Set.of("a"), "1", "{}", "[]"), "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b", "c"), "1", "{}", "[]"),
                "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b"), "2", "{}", "[]"), "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b"), null, "{}", "[]"),
                "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b"), "1", "{1}", "[]"),
                "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b"), "1", null, "[]"), "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b"), "1", "{}", "[1]"),
                "rule"),
            request(
                subject("iss", "alice", "sid", "agent", Set.of("a", "b"), "1", "{}", null), "rule"),
            request(base, "rule2"));

    assertThat(others).allSatisfy(other -> assertThat(world.cache.known(other)).isNull());
    assertAllDifferent(others);
    assertThat(world.cache.known(request(base, "rule"))).isNotNull();
  }

  @Test
  void theOrderOfScopesAndTheExpiryOfTheUserTokenAreNoPartOfTheKey() {
    world.get(
        request(
            subject("iss", "alice", "sid", "agent", Set.of("a", "b"), null, null, null), "rule"));
    Subject renewed =
        new Subject(
            "iss",
            "alice",
            "sid",
            "agent",
            Set.of("b", "a"),
            null,
            null,
            null,
            LATER.plusSeconds(60));

    assertThat(world.cache.known(request(renewed, "rule"))).isNotNull();
  }

  // T14, R-CA-1, AB4
  @Test
  void changingAnyOneFieldOfTheTargetIsAMiss() {
    Subject alice = subject("iss", "alice", "sid", "agent", Set.of(), null, null, null);
    ServerConfig server = CacheWorld.server("github");
    GrantConfig grant = exchange("github");
    IssuerConfig issuer = CacheWorld.issuer("corp");
    world.get(request(alice, Target.of(server, grant, issuer)));
    URI url = URI.create("https://x.test/mcp");

    List<Target> others = new ArrayList<>();
    others.add(Target.of(CacheWorld.server("gitlab"), grant, issuer));
    others.add(Target.of(at(server, url), grant, issuer));
    others.add(Target.of(server, grant, null));
    others.add(Target.of(server, grant, issuer("https://other.test", null, "valetkey", false)));
    others.add(Target.of(server, grant, issuer("https://idp.test", url, "valetkey", false)));
    others.add(Target.of(server, grant, issuer("https://idp.test", null, "other", false)));
    others.add(Target.of(server, grant, issuer("https://idp.test", null, null, false)));
    others.add(Target.of(server, grant, issuer("https://idp.test", null, "valetkey", true)));
    TokenExchange base = (TokenExchange) grant;
    others.add(
        with(
            server, issuer, grant(base, List.of("github", "x"), List.of(), List.of("read"), null)));
    others.add(with(server, issuer, grant(base, List.of(), List.of(), List.of("read"), null)));
    others.add(
        with(server, issuer, grant(base, List.of("github"), List.of(url), List.of("read"), null)));
    others.add(
        with(
            server,
            issuer,
            grant(base, List.of("github"), List.of(), List.of("read", "write"), null)));
    others.add(with(server, issuer, grant(base, List.of("github"), List.of(), List.of(), null)));
    others.add(
        with(
            server, issuer, grant(base, List.of("github"), List.of(), List.of("read"), "urn:jwt")));
    others.add(with(server, issuer, rest(base, "urn:id", null, null, Map.of())));
    others.add(
        with(server, issuer, rest(base, base.subjectTokenType(), "actor", "urn:jwt", Map.of())));
    others.add(
        with(server, issuer, rest(base, base.subjectTokenType(), "actor2", "urn:jwt", Map.of())));
    others.add(
        with(server, issuer, rest(base, base.subjectTokenType(), "actor", "urn:at", Map.of())));
    others.add(
        with(server, issuer, rest(base, base.subjectTokenType(), null, null, Map.of("a", "b"))));
    others.add(
        with(server, issuer, rest(base, base.subjectTokenType(), null, null, Map.of("a", "c"))));
    others.add(
        with(
            server,
            issuer,
            new GrantConfig.ClientCredentials(
                "corp", List.of("github"), List.of(), List.of("read"), Map.of())));
    others.add(with(server, issuer, new GrantConfig.Static(Path.of("secret"), "Bearer")));
    for (ExpectConfig expect : expectations(server.expect())) {
      others.add(Target.of(expecting(server, expect), grant, issuer));
    }

    List<TokenRequest> requests = others.stream().map(target -> request(alice, target)).toList();
    assertThat(requests).allSatisfy(other -> assertThat(world.cache.known(other)).isNull());
    assertAllDifferent(requests);
    assertThat(world.cache.known(request(alice, Target.of(server, grant, issuer)))).isNotNull();
  }

  // T15: a field cannot run into the next.
  @Test
  void fieldsThatReadTheSameWhenJoinedAreDifferentKeys() {
    List<TokenRequest> requests =
        List.of(
            request(subject("a", "bc", "d", "e", Set.of("f"), "g", "h", "i"), "rule"),
            request(subject("ab", "c", "d", "e", Set.of("f"), "g", "h", "i"), "rule"),
            request(subject("a", "b", "cd", "e", Set.of("f"), "g", "h", "i"), "rule"),
            request(subject("a", "bcd", null, "e", Set.of("f"), "g", "h", "i"), "rule"),
            request(subject("a", "bcd", "", "e", Set.of("f"), "g", "h", "i"), "rule"),
            request(subject("a", "bc", "d", "e", Set.of("f g"), null, "h", "i"), "rule"),
            request(subject("a", "bc", "d", "e", Set.of("f", "g"), null, "h", "i"), "rule"),
            request(subject("a", "bc", "d", null, Set.of("e", "f"), "g", "h", "i"), "rule"),
            request(subject("a", "bc", "d", "e", Set.of("f"), "g", "hi", null), "rule"),
            request(subject("a", "bc", "d", "e", Set.of("f"), "g", null, "hi"), "rule"),
            request(subject("a\u0000b", "c", "d", "e", Set.of("f"), "g", "h", "i"), "rule"),
            request(subject("a", "\u0000bc", "d", "e", Set.of("f"), "g", "h", "i"), "rule"));

    requests.forEach(world::get);

    assertThat(world.issuer.calls).hasValue(requests.size());
    assertAllDifferent(requests);
  }

  // T15: the two halves of a key are not exchangeable either.
  @Test
  void theSessionPartNeverStandsForTheTargetPart() {
    CacheKey key = new CacheKey(digest("a"), digest("b"));

    assertThat(key).isNotEqualTo(new CacheKey(digest("b"), digest("a")));
    assertThat(key.digest()).isNotEqualTo(new CacheKey(digest("b"), digest("a")).digest());
    assertThat(key).isEqualTo(new CacheKey(digest("a"), digest("b")));
  }

  // T15: digests that agree in their hash code, and in all but one number, are different keys.
  @Test
  void keysAreComparedWhole() {
    TokenRequest request = world.request("alice", "github");
    world.get(request);
    User user = CacheWorld.userOf(request);
    TokenDigest part = user.keyPart();
    TokenDigest near = new TokenDigest(part.a(), part.b(), part.c(), part.d() + 1);

    TokenRequest other =
        new TokenRequest(
            request.target(), new User(user.session(), near, user.expiresAt()), Duration.ZERO);

    assertThat(world.cache.known(other)).isNull();
    assertThat(text(world.get(other))).endsWith("#2");
  }

  private static void assertAllDifferent(List<TokenRequest> requests) {
    assertThat(requests.stream().map(TokenCache::keyDigest)).doesNotHaveDuplicates();
  }

  private static Subject subject(
      String issuer,
      String sub,
      @Nullable String sid,
      @Nullable String client,
      Set<String> scope,
      @Nullable String acr,
      @Nullable String act,
      @Nullable String details) {
    return new Subject(issuer, sub, sid, client, scope, acr, act, details, LATER);
  }

  private TokenRequest request(Subject subject, String rule) {
    return request(subject, rule, CacheWorld.target("github"));
  }

  private TokenRequest request(Subject subject, Target target) {
    return request(subject, "rule", target);
  }

  private TokenRequest request(Subject subject, String rule, Target target) {
    Session session =
        new Session(subject, world.userToken("any", Duration.ofDays(1)), new HitCounters());
    User user =
        new User(session, subject.keyPart(digest(rule)), subject.expiresAt().toEpochMilli());
    return new TokenRequest(target, user, Duration.ZERO);
  }

  private static Target with(ServerConfig server, IssuerConfig issuer, GrantConfig grant) {
    return Target.of(server, grant, issuer);
  }

  private static TokenExchange grant(
      TokenExchange base,
      List<String> audience,
      List<URI> resource,
      List<String> scope,
      @Nullable String requested) {
    return new TokenExchange(
        base.issuer(),
        audience,
        resource,
        scope,
        requested,
        base.subjectTokenType(),
        null,
        null,
        null,
        null,
        null,
        Map.of());
  }

  private static TokenExchange rest(
      TokenExchange base,
      String subjectType,
      @Nullable String actor,
      @Nullable String actorType,
      Map<String, String> extra) {
    Path file = actor == null ? null : Path.of(actor);
    return new TokenExchange(
        base.issuer(),
        base.audience(),
        base.resource(),
        base.scope(),
        null,
        subjectType,
        null,
        null,
        file,
        null,
        actorType,
        extra);
  }

  private static IssuerConfig issuer(
      String issuer, @Nullable URI tokenEndpoint, @Nullable String clientId, boolean post) {
    return new IssuerConfig(
        "corp",
        URI.create(issuer),
        Profile.GENERIC,
        clientId,
        post ? ClientAuthMethod.CLIENT_SECRET_POST : ClientAuthMethod.CLIENT_SECRET_BASIC,
        null,
        null,
        null,
        IssuerConfig.AssertionAudience.ISSUER,
        null,
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        tokenEndpoint,
        null,
        null,
        false,
        false,
        Map.of(),
        TlsConfig.DEFAULT,
        Duration.ofSeconds(8),
        16,
        null);
  }

  /** Each differs from {@code base} in one component. */
  private static List<ExpectConfig> expectations(ExpectConfig base) {
    return List.of(
        Copies.of(base, "iss", URI.create("https://x.test")),
        Copies.of(base, "audience", List.of("github", "x")),
        Copies.of(base, "sub", ExpectConfig.Sub.ANY),
        Copies.of(base, "userClaim", "oid"),
        Copies.of(base, "scope", List.of("read")),
        Copies.of(base, "act", ExpectConfig.Act.REQUIRED),
        Copies.of(base, "actSub", "robot"),
        Copies.of(base, "format", ExpectConfig.Format.JWT),
        Copies.of(base, "issuedTokenType", List.of("urn:x")),
        Copies.of(base, "tokenType", ExpectConfig.TokenType.OPTIONAL));
  }

  private static ServerConfig at(ServerConfig server, URI url) {
    return Copies.of(server, "url", url);
  }

  private static ServerConfig expecting(ServerConfig server, ExpectConfig expect) {
    return Copies.of(server, "expect", expect);
  }
}
