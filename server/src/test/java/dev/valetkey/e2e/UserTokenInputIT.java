package dev.valetkey.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.Json;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.testkit.Poll;
import dev.valetkey.testkit.SigningKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Forged, spoilt and odd user tokens through a real Envoy: hardening.md §5.5 inputs 21 to 47 and
 * T8, T9, T14, T16. None may reach the issuer's token endpoint, none may be answered from the
 * cache.
 */
@Timeout(60)
final class UserTokenInputIT {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private static Pod pod;

  @BeforeAll
  static void start() {
    pod = new PodFile().exchange("github").start();
    // A cached token of Alice: a forgery of hers would find it, if it were looked up unverified.
    assertThat(pod.agent().call("github", pod.issuer().userToken("alice")).status()).isEqualTo(200);
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void forget() {
    pod.server("github").requests().clear();
    pod.issuer().requests().clear();
  }

  /** {@code token} spoils a good token of Alice. */
  private record Forgery(int number, String what, String code, Function<JwtBuilder, String> token) {
    @Override
    public String toString() {
      return number + " " + what;
    }
  }

  private static Forgery claims(
      int number, String what, String code, UnaryOperator<JwtBuilder> change) {
    return new Forgery(number, what, code, jwt -> change.apply(jwt).signed());
  }

  private static Forgery text(int number, String what, String code, UnaryOperator<String> change) {
    return new Forgery(number, what, code, jwt -> change.apply(jwt.signed()));
  }

  private static Stream<Forgery> forms() {
    String malformed = "user_token_malformed";
    String algorithm = "user_token_algorithm";
    return Stream.of(
        text(21, "two parts", malformed, token -> token.substring(0, token.lastIndexOf('.'))),
        text(21, "no signature", "", token -> token.substring(0, token.lastIndexOf('.') + 1)),
        new Forgery(22, "JWE", "", JwtBuilder::encrypted),
        text(22, "five parts", "", token -> token + ".YQ.YQ"),
        text(23, "padded base64", "", token -> token.replaceFirst("\\.", "=.")),
        text(24, "illegal base64", malformed, token -> token.replaceFirst("\\.", "!.")),
        text(24, "white space", malformed, token -> token.replaceFirst("\\.", " .")),
        new Forgery(25, "alg none", algorithm, JwtBuilder::unsigned),
        new Forgery(
            25, "alg None", algorithm, jwt -> jwt.header("alg", "None").withSignature(new byte[0])),
        new Forgery(
            26, "HS256 with the public key", algorithm, JwtBuilder::signedWithPublicKeyAsSecret),
        claims(27, "unknown crit", "", jwt -> jwt.header("crit", List.of("x")).header("x", 1)),
        claims(27, "crit b64", "", jwt -> jwt.header("crit", List.of("b64")).header("b64", false)),
        claims(28, "jku", "", jwt -> jwt.header("jku", pod.evil().url("/jwks"))),
        claims(29, "x5u", "", jwt -> jwt.header("x5u", pod.evil().url("/x5u"))),
        new Forgery(30, "embedded jwk", "", UserTokenInputIT::selfSigned),
        claims(31, "zip", "", jwt -> jwt.header("zip", "DEF").rawClaims(bomb())),
        claims(32, "p2c", "", jwt -> jwt.header("p2c", 1L << 31).header("p2s", "AAAA")),
        claims(
            33,
            "kid of a path",
            "user_token_signature",
            jwt -> jwt.header("kid", "../../etc/passwd")),
        claims(34, "kid of SQL", "user_token_signature", jwt -> jwt.header("kid", "' OR 1=1 --")),
        claims(35, "kid of 10 kB", "", jwt -> jwt.header("kid", "k".repeat(10 << 10))),
        new Forgery(46, "ES256 of zeros", "user_token_signature", UserTokenInputIT::zeroSignature),
        new Forgery(47, "RSA of 512 bits", "user_token_signature", UserTokenInputIT::weakKey),
        new Forgery(8, "T8 broken signature", "user_token_signature", JwtBuilder::brokenSignature),
        text(8, "T8 swapped payload", "user_token_signature", UserTokenInputIT::otherPayload),
        new Forgery(8, "T8 garbage", malformed, jwt -> "CANARY-garbage-that-is-no-token-at-all"));
  }

  private static Stream<Forgery> claims() {
    String malformed = "user_token_malformed";
    String expired = "user_token_expired";
    String audience = "user_token_audience";
    String issuer = "user_token_issuer";
    String subject = "user_token_subject";
    String type = "user_token_type";
    String early = "user_token_not_yet_valid";
    String own = pod.issuer().issuer();
    return Stream.of(
        claims(36, "no exp", "", jwt -> jwt.withoutClaim("exp")),
        claims(36, "exp null", "", jwt -> jwt.claim("exp", null)),
        claims(36, "exp text", "", jwt -> jwt.claim("exp", "4102444800")),
        claims(36, "exp 2^63", "", jwt -> jwt.claim("exp", new BigInteger("9223372036854775808"))),
        claims(36, "exp negative", "", jwt -> jwt.claim("exp", -1)),
        claims(36, "exp true", "", jwt -> jwt.claim("exp", true)),
        claims(
            36, "expired beyond the skew", expired, jwt -> jwt.expiresIn(Duration.ofSeconds(-62))),
        claims(37, "nbf in the future", early, jwt -> jwt.notBeforeIn(Duration.ofSeconds(70))),
        claims(37, "nbf text", "", jwt -> jwt.claim("nbf", "soon")),
        claims(38, "iat in the future", early, jwt -> jwt.issuedIn(Duration.ofSeconds(70))),
        claims(39, "iss with a slash", issuer, jwt -> jwt.claim("iss", own + "/")),
        claims(39, "iss in capitals", issuer, jwt -> jwt.claim("iss", own.replace("http", "HTTP"))),
        claims(39, "iss of another", issuer, jwt -> jwt.claim("iss", "https://evil.example")),
        claims(39, "no iss", issuer, jwt -> jwt.withoutClaim("iss")),
        claims(39, "iss as an array", "", jwt -> jwt.claim("iss", List.of(own))),
        claims(40, "aud of others", audience, jwt -> jwt.audience("other", "more")),
        claims(40, "aud empty", audience, jwt -> jwt.audience()),
        claims(40, "aud empty text", audience, jwt -> jwt.audience("")),
        claims(40, "aud null", audience, jwt -> jwt.claim("aud", null)),
        claims(40, "aud number", "", jwt -> jwt.claim("aud", 7)),
        claims(40, "aud with numbers", "", jwt -> jwt.claim("aud", List.of("agent", 7))),
        claims(40, "aud absent", audience, jwt -> jwt.withoutClaim("aud")),
        claims(40, "aud in capitals", audience, jwt -> jwt.audience("AGENT")),
        claims(41, "sub empty", subject, jwt -> jwt.claim("sub", "")),
        claims(41, "sub missing", subject, jwt -> jwt.withoutClaim("sub")),
        claims(41, "sub number", "", jwt -> jwt.claim("sub", 7)),
        claims(41, "sub right to left", subject, jwt -> jwt.claim("sub", "ali\u202Eec")),
        claims(41, "sub of 20 kB", "", jwt -> jwt.claim("sub", "s".repeat(20 << 10))),
        claims(
            42,
            "two subs",
            "",
            jwt -> raw(jwt, claims -> claims.replaceFirst("\\{", "{\"sub\":\"bob\","))),
        claims(
            42,
            "two auds",
            "",
            jwt -> raw(jwt, claims -> claims.replaceFirst("\\{", "{\"aud\":\"agent\","))),
        claims(43, "depth of 5000", "", jwt -> raw(jwt, claims -> deep(claims, 5000))),
        claims(44, "1000 claims", "", jwt -> many(jwt, 1000)),
        claims(45, "typ ID token", type, jwt -> jwt.header("typ", "id_token+jwt")),
        claims(45, "typ refresh token", type, jwt -> jwt.header("typ", "rt+jwt")),
        claims(45, "payload typ Refresh", type, jwt -> jwt.claim("typ", "Refresh")),
        claims(45, "payload typ ID", type, jwt -> jwt.claim("typ", "ID")),
        claims(45, "nonce", type, jwt -> jwt.claim("nonce", "n")),
        claims(45, "at_hash", type, jwt -> jwt.claim("at_hash", "h")),
        claims(45, "c_hash", type, jwt -> jwt.claim("c_hash", "h")),
        claims(45, "events", type, jwt -> jwt.claim("events", Map.of("logout", Map.of()))),
        claims(47, "payload is no object", "", jwt -> jwt.rawClaims("[]")),
        claims(47, "payload is no JSON", malformed, jwt -> jwt.rawClaims("CANARY-no-json")));
  }

  // R-TX-8, R-CA-1, AB5, TM-FORGED
  @ParameterizedTest
  @MethodSource({"forms", "claims"})
  void forgeryIsRefusedUnasked(Forgery forgery) {
    String token = forgery.token().apply(pod.issuer().jwt("alice"));

    Http.Response answer = pod.agent().call("github", token);

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(401);
    assertThat(answer.header("www-authenticate"))
        .startsWith("Bearer error=\"invalid_token\", error_description=\"");
    String code = Agent.code(answer);
    assertThat(code).startsWith("user_token_");
    if (!forgery.code().isEmpty()) {
      assertThat(code).isEqualTo(forgery.code());
    }
    assertThat(pod.server("github").requests().count()).isZero();
    assertThat(pod.issuer().tokenCalls()).isEmpty();
    assertThat(pod.evil().connections()).isZero();
  }

  /** 41, 43, 44 at the size where Envoy or our limit of 16 KiB ends them. */
  @ParameterizedTest
  @MethodSource
  void oversizedTokenIsRefused(Forgery forgery) {
    String token = forgery.token().apply(pod.issuer().jwt("alice"));

    Http.Response answer = pod.agent().raw(oversized(token));

    assertThat(answer.status()).isIn(0, 400, 401, 431);
    assertThat(pod.server("github").requests().count()).isZero();
    assertThat(pod.issuer().tokenCalls()).isEmpty();
  }

  private static Stream<Forgery> oversizedTokenIsRefused() {
    return Stream.of(
        claims(41, "sub of 1 MB", "", jwt -> jwt.claim("sub", "s".repeat(1 << 20))),
        claims(43, "depth of 10 000", "", jwt -> raw(jwt, claims -> deep(claims, 10_000))),
        claims(44, "a million claims", "", jwt -> raw(jwt, UserTokenInputIT::million)));
  }

  private static Stream<Forgery> good() {
    return Stream.of(
        claims(37, "nbf within the skew", "", jwt -> jwt.notBeforeIn(Duration.ofSeconds(30))),
        claims(38, "iat within the skew", "", jwt -> jwt.issuedIn(Duration.ofSeconds(30))),
        claims(40, "aud as an array", "", jwt -> jwt.audience("other", "agent")),
        claims(45, "typ at+jwt", "", jwt -> jwt.header("typ", "at+jwt")),
        claims(45, "typ absent", "", jwt -> jwt.withoutHeader("typ")));
  }

  /** What a token may be, so that the refusals above are for what they say. */
  @ParameterizedTest
  @MethodSource("good")
  void oddButGoodTokenIsTaken(Forgery token) {
    String text = token.token().apply(pod.issuer().jwt("dora"));

    Http.Response answer = pod.agent().call("github", text);

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(200);
    assertThat(pod.issuer().tokenCalls()).hasSize(1);
  }

  /** T14: each of these alone makes another key; the same again does not. */
  // R-CA-1
  @ParameterizedTest
  @MethodSource("keys")
  void changedClaimAsksForATokenOfItsOwn(Forgery change) {
    String sid = "sid-" + change.what();
    JwtBuilder first = pod.issuer().jwt("erin").claim("sid", sid);
    pod.agent().call("github", first.signed());
    pod.agent().call("github", pod.issuer().jwt("erin").claim("sid", sid).signed());
    assertThat(pod.issuer().tokenCalls()).hasSize(1);

    String changed = change.token().apply(pod.issuer().jwt("erin").claim("sid", sid));
    Http.Response answer = pod.agent().call("github", changed);

    assertThat(answer.status()).as(Agent.code(answer)).isEqualTo(200);
    assertThat(pod.issuer().tokenCalls()).hasSize(2);
    assertThat(changed.equals(pod.issuer().exchanges().getLast().first("subject_token")))
        .as("the exchange was made with the token that has this claim")
        .isTrue();
  }

  private static Stream<Forgery> keys() {
    return Stream.of(
        claims(14, "sub", "", jwt -> jwt.claim("sub", "frank")),
        claims(14, "sid", "", jwt -> jwt.claim("sid", "sid-of-another-login")),
        claims(14, "azp", "", jwt -> jwt.claim("azp", "other-app")),
        claims(14, "scope", "", jwt -> jwt.claim("scope", "openid")),
        claims(14, "acr", "", jwt -> jwt.claim("acr", "2")),
        claims(14, "act", "", jwt -> jwt.claim("act", Map.of("sub", "robot"))),
        claims(
            14,
            "authorization_details",
            "",
            jwt -> jwt.claim("authorization_details", List.of(Map.of("type", "payment")))));
  }

  /** Rule 9.3. */
  // KS1, R-CA-1
  @Test
  void twoUsersGetTokensOfTheirOwn() {
    String gina = pod.issuer().userToken("gina");
    String hugo = pod.issuer().userToken("hugo");

    List<Http.Response> answers =
        Agent.atOnce(40, i -> pod.agent().call("github", i % 2 == 0 ? gina : hugo));

    for (int i = 0; i < answers.size(); i++) {
      String own = i % 2 == 0 ? "gina" : "hugo";
      assertThat(answers.get(i).text()).contains("\\\"sub\\\":\\\"" + own + "\\\"");
    }
    assertThat(pod.issuer().tokenCalls()).hasSize(2);
    pod.issuer()
        .exchanges()
        .forEach(form -> assertThat(form.first("subject_token")).isIn(gina, hugo));
  }

  /** T16: the cached token does not outlive the user's. */
  // R-CA-2, TM-FORGED
  @Test
  void expiredUserTokenFindsNoCachedToken() {
    String brief = pod.issuer().jwt("ida").expiresIn(Duration.ofSeconds(4)).signed();
    assertThat(pod.agent().call("github", brief).status()).isEqualTo(200);

    Poll.until(
        Duration.ofSeconds(20),
        "the end of the user token",
        () -> pod.agent().call("github", brief).status() != 200);
    Http.Response answer = pod.agent().call("github", brief);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(Agent.code(answer)).isIn("user_token_expired", "invalid_grant", "invalid_request");
  }

  private static String selfSigned(JwtBuilder jwt) {
    KeyPair pair = Algorithm.RS256.newKeyPair();
    var key = new SigningKey("own", Algorithm.RS256, pair);
    return jwt.signer(Algorithm.RS256, pair.getPrivate())
        .header("kid", "own")
        .header("jwk", key.jwk(true))
        .signed();
  }

  private static String zeroSignature(JwtBuilder jwt) {
    pod.issuer().switches().algorithm(Algorithm.ES256);
    try {
      return pod.issuer().jwt("alice").withSignature(new byte[64]); // CVE-2022-21449
    } finally {
      pod.issuer().switches().algorithm(Algorithm.RS256);
    }
  }

  private static String weakKey(JwtBuilder jwt) {
    return jwt.signer(Algorithm.RS256, Algorithm.RS256.newKeyPair(512).getPrivate()).signed();
  }

  private static String otherPayload(String token) {
    String[] parts = token.split("\\.");
    String payload = new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8);
    String bob = payload.replace("\"alice\"", "\"bob\"");
    return parts[0] + "." + BASE64.encodeToString(bob.getBytes(UTF_8)) + "." + parts[2];
  }

  private static JwtBuilder raw(JwtBuilder jwt, UnaryOperator<String> change) {
    return jwt.rawClaims(change.apply(Json.text(jwt.claims())));
  }

  private static String deep(String claims, int depth) {
    return claims.replaceFirst("\\{", "{\"x\":" + "[".repeat(depth) + "]".repeat(depth) + ",");
  }

  private static JwtBuilder many(JwtBuilder jwt, int count) {
    for (int i = 0; i < count; i++) {
      jwt.claim("claim-number-" + i, i);
    }
    return jwt;
  }

  private static String million(String claims) {
    StringBuilder all = new StringBuilder("{");
    for (int i = 0; i < 1_000_000; i++) {
      all.append("\"").append(i).append("\":1,");
    }
    return all.append(claims.substring(1)).toString();
  }

  /** Compressed zeros, as text. */
  private static String bomb() {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflate = new DeflaterOutputStream(packed)) {
      deflate.write(new byte[4 << 20]);
    } catch (IOException inMemory) {
      throw new UncheckedIOException(inMemory);
    }
    return packed.toString(ISO_8859_1);
  }

  private static String oversized(String token) {
    return Agent.request(
        "POST",
        "/mcp",
        Pod.host("github"),
        "Authorization: Bearer " + token + "\r\n",
        Agent.WHOAMI);
  }
}
