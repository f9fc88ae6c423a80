package dev.valetkey.oauth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.valetkey.config.OpaqueTokens;
import dev.valetkey.config.UserRule;
import dev.valetkey.testkit.Algorithm;
import dev.valetkey.testkit.JwtBuilder;
import dev.valetkey.testkit.SigningKey;
import dev.valetkey.token.Subject;
import dev.valetkey.token.UserTokenFault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8725, RFC 9068, design.md §4: what a user token must be. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UserTokenVerifierTest {
  private static final List<String> ALL =
      List.of("RS256", "RS384", "RS512", "PS256", "ES256", "EdDSA");

  private final dev.valetkey.testkit.Issuer corp = dev.valetkey.testkit.Issuer.start();
  private final MovedTime time = new MovedTime();
  private final Issuers issuers = new Issuers(time, time, new java.security.SecureRandom());
  private Issuer issuer;

  @BeforeAll
  void start(@TempDir Path folder) {
    issuer = issuers.of(Configs.agent(corp, folder));
  }

  @AfterAll
  void stop() {
    issuers.close();
    corp.close();
  }

  private static Arguments bad(
      String name, UserTokenFault fault, Function<JwtBuilder, String> forgery) {
    return arguments(name, fault, forgery);
  }

  static Stream<Arguments> badTokens() {
    String deep = "{\"a\":".repeat(2000) + "1" + "}".repeat(2000);
    return Stream.of(
        bad("alg none", UserTokenFault.ALGORITHM, JwtBuilder::unsigned),
        bad(
            "alg None",
            UserTokenFault.ALGORITHM,
            j -> j.header("alg", "None").withSignature(new byte[0])),
        bad(
            "HS256 with the public key",
            UserTokenFault.ALGORITHM,
            JwtBuilder::signedWithPublicKeyAsSecret),
        bad(
            "alg in small letters",
            UserTokenFault.ALGORITHM,
            j -> j.header("alg", "rs256").signed()),
        bad("no alg", UserTokenFault.ALGORITHM, j -> j.withoutHeader("alg").signed()),
        bad("alg a number", UserTokenFault.ALGORITHM, j -> j.header("alg", 256).signed()),
        bad(
            "a stranger's key under the known kid",
            UserTokenFault.SIGNATURE,
            j -> j.signer(Algorithm.RS256, Algorithm.RS256.newKeyPair().getPrivate()).signed()),
        bad(
            "ES256 under an RSA kid",
            UserTokenFault.SIGNATURE,
            j -> j.signer(Algorithm.ES256, Algorithm.ES256.newKeyPair().getPrivate()).signed()),
        bad("broken signature", UserTokenFault.SIGNATURE, JwtBuilder::brokenSignature),
        bad("empty signature", UserTokenFault.SIGNATURE, j -> j.withSignature(new byte[0])),
        bad(
            "ES256 with r = s = 0 (CVE-2022-21449)",
            UserTokenFault.SIGNATURE,
            j -> j.header("alg", "ES256").header("kid", "ES256-1").withSignature(new byte[64])),
        bad(
            "RSA key of 512 bits in the header",
            UserTokenFault.TYPE,
            j -> j.header("jwk", Map.of("kty", "RSA", "n", "AQAB", "e", "AQAB")).signed()),
        bad("2 parts", UserTokenFault.MALFORMED, j -> cut(j.signed())),
        bad("4 parts", UserTokenFault.MALFORMED, j -> j.signed() + ".x"),
        bad("JWE", UserTokenFault.TYPE, JwtBuilder::encrypted),
        bad("padded base64", UserTokenFault.MALFORMED, j -> j.signed() + "="),
        bad("illegal base64", UserTokenFault.MALFORMED, j -> "!" + j.signed()),
        bad("space behind", UserTokenFault.MALFORMED, j -> j.signed() + " "),
        bad("nothing", UserTokenFault.MALFORMED, j -> ""),
        bad("dots only", UserTokenFault.MALFORMED, j -> ".."),
        bad("crit", UserTokenFault.TYPE, j -> j.header("crit", List.of("exp")).signed()),
        bad("crit null", UserTokenFault.TYPE, j -> j.header("crit", null).signed()),
        bad("b64 false", UserTokenFault.TYPE, j -> j.header("b64", false).signed()),
        bad("jku", UserTokenFault.TYPE, j -> j.header("jku", "https://evil.example/jwks").signed()),
        bad("x5u", UserTokenFault.TYPE, j -> j.header("x5u", "https://evil.example/x").signed()),
        bad("zip", UserTokenFault.TYPE, j -> j.header("zip", "DEF").signed()),
        bad("p2c", UserTokenFault.TYPE, j -> j.header("p2c", 2147483648L).signed()),
        bad("enc", UserTokenFault.TYPE, j -> j.header("enc", "A256GCM").signed()),
        bad(
            "typ of a logout token",
            UserTokenFault.TYPE,
            j -> j.header("typ", "logout+jwt").signed()),
        bad(
            "typ of an ID-JAG",
            UserTokenFault.TYPE,
            j -> j.header("typ", "oauth-id-jag+jwt").signed()),
        bad("typ a number", UserTokenFault.TYPE, j -> j.header("typ", 1).signed()),
        bad(
            "kid of 10 kB",
            UserTokenFault.MALFORMED,
            j -> j.header("kid", "k".repeat(10_000)).signed()),
        bad(
            "kid of 257 bytes",
            UserTokenFault.MALFORMED,
            j -> j.header("kid", "k".repeat(257)).signed()),
        bad("kid a number", UserTokenFault.MALFORMED, j -> j.header("kid", 7).signed()),
        bad(
            "kid ../../etc/passwd",
            UserTokenFault.SIGNATURE,
            j -> j.header("kid", "../../etc/passwd").signed()),
        bad("kid with SQL", UserTokenFault.SIGNATURE, j -> j.header("kid", "' OR 1=1 --").signed()),
        bad(
            "header twice alg",
            UserTokenFault.MALFORMED,
            j -> j.rawHeader("{\"alg\":\"RS256\",\"alg\":\"none\"}").signed()),
        bad("header an array", UserTokenFault.MALFORMED, j -> j.rawHeader("[]").signed()),
        bad("ID token by typ", UserTokenFault.TYPE, j -> j.claim("typ", "ID").signed()),
        bad("refresh token by typ", UserTokenFault.TYPE, j -> j.claim("typ", "Refresh").signed()),
        bad("at_hash", UserTokenFault.TYPE, j -> j.claim("at_hash", "x").signed()),
        bad("c_hash", UserTokenFault.TYPE, j -> j.claim("c_hash", "x").signed()),
        bad("nonce", UserTokenFault.TYPE, j -> j.claim("nonce", "x").signed()),
        bad("events", UserTokenFault.TYPE, j -> j.claim("events", Map.of()).signed()),
        bad("exp missing", UserTokenFault.MALFORMED, j -> j.withoutClaim("exp").signed()),
        bad("exp null", UserTokenFault.MALFORMED, j -> j.claim("exp", null).signed()),
        bad("exp text", UserTokenFault.MALFORMED, j -> j.claim("exp", "4102444800").signed()),
        bad("exp 2^63", UserTokenFault.MALFORMED, j -> raw(j, "exp", "9223372036854775808")),
        bad("exp 1e400", UserTokenFault.MALFORMED, j -> raw(j, "exp", "1e400")),
        bad("exp NaN", UserTokenFault.MALFORMED, j -> raw(j, "exp", "NaN")),
        bad("exp negative", UserTokenFault.EXPIRED, j -> j.claim("exp", -1).signed()),
        bad(
            "exp 61 s ago",
            UserTokenFault.EXPIRED,
            j -> j.expiresIn(Duration.ofSeconds(-61)).signed()),
        bad(
            "nbf in 65 s",
            UserTokenFault.NOT_YET_VALID,
            j -> j.notBeforeIn(Duration.ofSeconds(65)).signed()),
        bad(
            "iat in 65 s",
            UserTokenFault.NOT_YET_VALID,
            j -> j.issuedIn(Duration.ofSeconds(65)).signed()),
        bad("nbf text", UserTokenFault.MALFORMED, j -> j.claim("nbf", "soon").signed()),
        bad(
            "iss with a slash behind",
            UserTokenFault.ISSUER,
            j -> j.claim("iss", j.claims().get("iss") + "/").signed()),
        bad(
            "iss in capitals",
            UserTokenFault.ISSUER,
            j -> j.claim("iss", j.claims().get("iss").toString().replace("http", "HTTP")).signed()),
        bad("iss missing", UserTokenFault.ISSUER, j -> j.withoutClaim("iss").signed()),
        bad("iss an array", UserTokenFault.MALFORMED, j -> j.claim("iss", List.of("x")).signed()),
        bad("aud of another", UserTokenFault.AUDIENCE, j -> j.audience("other-app").signed()),
        bad("aud empty", UserTokenFault.AUDIENCE, j -> j.claim("aud", List.of()).signed()),
        bad("aud null", UserTokenFault.AUDIENCE, j -> j.claim("aud", null).signed()),
        bad("aud missing", UserTokenFault.AUDIENCE, j -> j.withoutClaim("aud").signed()),
        bad("aud a number", UserTokenFault.MALFORMED, j -> j.claim("aud", 1).signed()),
        bad(
            "aud an array with a number",
            UserTokenFault.MALFORMED,
            j -> j.claim("aud", List.of("agent", 1)).signed()),
        bad("sub empty", UserTokenFault.SUBJECT, j -> j.claim("sub", "").signed()),
        bad("sub missing", UserTokenFault.SUBJECT, j -> j.withoutClaim("sub").signed()),
        bad(
            "sub of 256 letters",
            UserTokenFault.SUBJECT,
            j -> j.claim("sub", "a".repeat(256)).signed()),
        bad(
            "sub turned round",
            UserTokenFault.SUBJECT,
            j -> j.claim("sub", "ali\u202Ece").signed()),
        bad(
            "sub with a line break",
            UserTokenFault.SUBJECT,
            j -> j.claim("sub", "alice\n").signed()),
        bad(
            "sub with half a surrogate pair",
            UserTokenFault.MALFORMED,
            j -> raw(j, "sub", "\"a\\ud800\"")),
        bad(
            "sub of 1 MB",
            UserTokenFault.MALFORMED,
            j -> j.claim("sub", "a".repeat(1_000_000)).signed()),
        bad("scope a number", UserTokenFault.MALFORMED, j -> j.claim("scope", 1).signed()),
        bad("sid a number", UserTokenFault.MALFORMED, j -> j.claim("sid", 1).signed()),
        bad(
            "sub twice",
            UserTokenFault.MALFORMED,
            j -> j.rawClaims("{\"sub\":\"alice\",\"sub\":\"bob\"}").signed()),
        bad(
            "sub twice, escaped",
            UserTokenFault.MALFORMED,
            j -> j.rawClaims("{\"sub\":\"alice\",\"s\\u0075b\":\"bob\"}").signed()),
        bad("depth 2000", UserTokenFault.MALFORMED, j -> j.rawClaims(deep).signed()),
        bad(
            "1e6 claims",
            UserTokenFault.MALFORMED,
            j -> j.claim("many", "x,".repeat(1_000_000)).signed()),
        bad("claims an array", UserTokenFault.MALFORMED, j -> j.rawClaims("[1]").signed()),
        bad(
            "claims behind a byte order mark",
            UserTokenFault.MALFORMED,
            j -> j.rawClaims("\uFEFF{}").signed()),
        bad(
            "claims with something behind",
            UserTokenFault.MALFORMED,
            j -> j.rawClaims("{} {}").signed()));
  }

  // R-TX-8, AB5, TM-FORGED
  @ParameterizedTest(name = "{0}")
  @MethodSource("badTokens")
  void badTokenIsRefused(String name, UserTokenFault fault, Function<JwtBuilder, String> forgery) {
    Verification verification = verify(forgery.apply(corp.jwt("alice")), ALL);

    assertThat(verification).as(name).isEqualTo(new Verification.Invalid(fault));
  }

  static Stream<Arguments> goodTokens() {
    return Stream.of(
        arguments("no typ", (Function<JwtBuilder, String>) j -> j.withoutHeader("typ").signed()),
        arguments(
            "typ at+jwt", (Function<JwtBuilder, String>) j -> j.header("typ", "at+JWT").signed()),
        arguments(
            "typ with application/",
            (Function<JwtBuilder, String>) j -> j.header("typ", "application/at+jwt").signed()),
        arguments(
            "no payload typ", (Function<JwtBuilder, String>) j -> j.withoutClaim("typ").signed()),
        arguments("no kid", (Function<JwtBuilder, String>) j -> j.withoutHeader("kid").signed()),
        arguments(
            "x5c is ignored",
            (Function<JwtBuilder, String>) j -> j.header("x5c", List.of("AAAA")).signed()),
        arguments(
            "several audiences",
            (Function<JwtBuilder, String>) j -> j.audience("other", "agent").signed()),
        arguments(
            "exp with a fraction",
            (Function<JwtBuilder, String>) j -> raw(j, "exp", "4102444800.5")),
        arguments(
            "exp 55 s ago",
            (Function<JwtBuilder, String>) j -> j.expiresIn(Duration.ofSeconds(-55)).signed()),
        arguments(
            "nbf and iat in 55 s",
            (Function<JwtBuilder, String>)
                j ->
                    j.notBeforeIn(Duration.ofSeconds(55))
                        .issuedIn(Duration.ofSeconds(55))
                        .signed()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goodTokens")
  void unusualButGoodTokenIsAccepted(String name, Function<JwtBuilder, String> making) {
    Verification verification = verify(making.apply(corp.jwt("alice")), ALL);

    assertThat(verification).as(name).isInstanceOf(Verification.Verified.class);
  }

  @ParameterizedTest
  @EnumSource(names = {"RS256", "PS256", "ES256", "EdDSA", "RS384", "RS512"})
  void everyAsymmetricAlgorithmIsVerified(Algorithm algorithm) {
    corp.switches().algorithm(algorithm);
    String token = corp.userToken("alice");
    corp.switches().algorithm(Algorithm.RS256);

    issuers.retain(List.of(), List.of());
    issuer = issuers.of(issuer.config());

    assertThat(verify(token, ALL)).isInstanceOf(Verification.Verified.class);
    assertThat(verify(token, List.of("none", "HS256")))
        .isEqualTo(new Verification.Invalid(UserTokenFault.ALGORITHM));
  }

  @Test
  void subjectHoldsTheVerifiedClaims() {
    String token =
        corp.jwt("alice")
            .claim("sid", "s1")
            .claim("acr", "gold")
            .claim("scope", List.of("a", "b c"))
            .claim("act", Map.of("sub", "robot"))
            .claim("exp", 4102444800L)
            .signed();

    Verification verification = verify(token, ALL);

    assertThat(verification)
        .isInstanceOfSatisfying(
            Verification.Verified.class,
            verified ->
                assertThat(verified.subject())
                    .isEqualTo(
                        new Subject(
                            corp.issuer(),
                            "alice",
                            "s1",
                            "chat-app",
                            Set.of("a", "b", "c"),
                            "gold",
                            "{\"sub\":\"robot\"}",
                            null,
                            java.time.Instant.ofEpochSecond(4102444800L))));
  }

  @Test
  void firstRuleThatAdmitsCounts() {
    UserRule stranger =
        new UserRule(
            "corp", List.of("stranger"), ALL, "sid", false, OpaqueTokens.REFUSE, false, List.of());
    UserRule own =
        new UserRule(
            "corp", List.of("agent"), ALL, "sid", false, OpaqueTokens.REFUSE, false, List.of());
    var rules =
        List.of(
            new UserTokenVerifier.Rule(stranger, issuer), new UserTokenVerifier.Rule(own, issuer));
    byte[] token = corp.userToken("alice").getBytes(UTF_8);

    Verification verification =
        new UserTokenVerifier(rules, time).verify(token, 0, token.length, time.deadline());

    assertThat(verification)
        .isInstanceOfSatisfying(
            Verification.Verified.class,
            verified -> assertThat(verified.rule()).isEqualTo(rules.getLast().digest()));
  }

  @Test
  void weakRsaKeyOfTheIssuerIsNoKey() {
    SigningKey weak = new SigningKey("weak", Algorithm.RS256, Algorithm.RS256.newKeyPair(1024));
    var set = StrictJson.object(jwks(List.of(weak.jwk(true))).getBytes(UTF_8)).orElseThrow();

    assertThat(KeySet.parse(set)).isEmpty();
  }

  @Test
  void keysForEncryptionAndSecretsAreIgnored() {
    SigningKey good = SigningKey.generate("good", Algorithm.ES256);
    Map<String, Object> encryption = SigningKey.generate("enc", Algorithm.RS256).jwk(false);
    encryption.put("use", "enc");
    List<Map<String, Object>> keys = new ArrayList<>();
    keys.add(encryption);
    keys.add(Map.of("kty", "oct", "k", "Q0FOQVJZ", "kid", "oct"));
    keys.add(Map.of("kty", "EC", "crv", "P-256", "x", "AA", "y", "AA"));
    keys.add(Map.of("kty", "unheard-of"));
    keys.add(good.jwk(true));
    var set = StrictJson.object(jwks(keys).getBytes(UTF_8)).orElseThrow();

    KeySet parsed = KeySet.parse(set).orElseThrow();

    assertThat(parsed.keys()).extracting(KeySet.Key::kid).containsExactly("good");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a.b.c",
        "sk-live-1234567890",
        "e30.e30.",
        "eyJ.W10.x",
        "AWS4-HMAC-SHA256 Credential=x"
      })
  void peekFindsNoIssuerWhereThereIsNone(String text) {
    byte[] bytes = text.getBytes(UTF_8);

    assertThat(UserTokenVerifier.unverifiedIssuer(bytes, 0, bytes.length)).isNull();
  }

  static Stream<Function<String, String>> damages() {
    return Stream.of(
        token -> token,
        UserTokenVerifierTest::cut,
        token -> cut(token) + ".",
        token -> token.substring(0, token.length() - 20),
        token -> "x" + token.substring(1),
        token -> token + "==",
        token -> token.replace('_', '/').replace('-', '+'),
        token -> cut(token).substring(0, cut(token).length() - 9),
        token -> token + ".more.parts");
  }

  @ParameterizedTest
  @MethodSource("damages")
  void peekFindsTheIssuerOfADamagedUserToken(Function<String, String> damage) {
    byte[] bytes = damage.apply(corp.userToken("alice")).getBytes(UTF_8);

    assertThat(UserTokenVerifier.unverifiedIssuer(bytes, 0, bytes.length)).isEqualTo(corp.issuer());
  }

  @Test
  void aRuleWhoseKeysComeFromElsewhereIsAnotherRule() {
    UserRule rule =
        new UserRule(
            "corp", List.of("agent"), ALL, "sid", false, OpaqueTokens.REFUSE, false, List.of());
    Issuer elsewhere =
        issuers.of(
            Configs.pinned(issuer.config(), null, URI.create("https://elsewhere.test/keys")));

    assertThat(new UserTokenVerifier.Rule(rule, elsewhere).digest())
        .isNotEqualTo(new UserTokenVerifier.Rule(rule, issuer).digest());
  }

  // R-EX-3
  @Test
  void idTokensCountWhereTheRuleSaysSoAndLogoutTokensNever() {
    String idToken = corp.jwt("alice").claim("typ", "ID").claim("nonce", "n").signed();
    String logoutToken = corp.jwt("alice").claim("events", Map.of()).signed();

    assertThat(verify(idToken, ALL)).isEqualTo(new Verification.Invalid(UserTokenFault.TYPE));
    assertThat(verify(idToken, ALL, true)).isInstanceOf(Verification.Verified.class);
    assertThat(verify(logoutToken, ALL, true))
        .isEqualTo(new Verification.Invalid(UserTokenFault.TYPE));
  }

  private Verification verify(String token, List<String> algorithms) {
    return verify(token, algorithms, false);
  }

  private Verification verify(String token, List<String> algorithms, boolean idTokens) {
    UserRule rule =
        new UserRule(
            "corp",
            List.of("agent"),
            algorithms,
            "sid",
            idTokens,
            OpaqueTokens.REFUSE,
            false,
            List.of());
    byte[] bytes = ("xx" + token + "y").getBytes(UTF_8);
    return new UserTokenVerifier(List.of(new UserTokenVerifier.Rule(rule, issuer)), time)
        .verify(bytes, 2, bytes.length - 1, time.deadline());
  }

  private static String jwks(List<Map<String, Object>> keys) {
    return new com.google.gson.Gson().toJson(Map.of("keys", keys));
  }

  /** Header and payload without the signature. */
  private static String cut(String token) {
    return token.substring(0, token.lastIndexOf('.'));
  }

  /** The token with one claim as JSON that no map can hold. */
  private static String raw(JwtBuilder jwt, String claim, String json) {
    String marker = "marker-of-the-claim";
    String[] parts = jwt.claim(claim, marker).signed().split("\\.");
    String claims = new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8);
    return jwt.rawClaims(claims.replace("\"" + marker + "\"", json)).signed();
  }
}
