package dev.valetkey.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Jwt;
import dev.valetkey.token.TokenDigest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9449 §4.2: what a proof says; that it counts is shown by DpopIT. */
final class DpopKeyTest {
  private static final Instant NOW = Instant.parse("2026-11-25T10:00:00Z");
  private static final URI SERVER = URI.create("https://mcp.example:8443/mcp");
  private static final TokenDigest TOKEN =
      TokenDigest.of("CANARY-token".getBytes(StandardCharsets.UTF_8));

  private final DpopNonces nonces = new DpopNonces();
  private final DpopKey key = key();

  // R-EX-6
  @ParameterizedTest
  @CsvSource({
    "https://idp.example/token,         https://idp.example/token",
    "https://idp.example/token?tenant=1, https://idp.example/token",
    "https://idp.example/a%3Fb/token,   https://idp.example/a%3Fb/token"
  })
  void addressOfTheTokenEndpointHasNoQuery(String endpoint, String htu) {
    Map<String, Object> claims = Jwt.of(key.proof("POST", URI.create(endpoint))).claims();

    assertThat(claims).containsEntry("htu", htu).containsEntry("htm", "POST");
    assertThat(claims).containsEntry("iat", NOW.getEpochSecond());
    assertThat(claims.keySet()).containsExactlyInAnyOrder("jti", "htm", "htu", "iat");
  }

  // R-EX-6
  @Test
  void nonceIsForTheOriginThatGaveIt() {
    nonces.put(URI.create("https://mcp.example:8443/other"), "n1");

    assertThat(toServer(SERVER).claim("nonce")).isEqualTo("n1");
    assertThat(toServer(URI.create("https://mcp.example/mcp")).claims()).doesNotContainKey("nonce");
    nonces.put(SERVER, "n2");
    assertThat(toServer(SERVER).claim("nonce")).isEqualTo("n2");
  }

  /**
   * RFC 9449 §8: it is the server's. A token that outlives its issuer's record has an older key.
   */
  @Test
  void nonceOfAServerIsForEveryKey() {
    DpopKey other = key();
    nonces.put(SERVER, "n1");

    assertThat(other.proof("POST", SERVER, "/mcp", TOKEN)).satisfies(DpopKeyTest::hasNonce);
    assertThat(key.proof("POST", SERVER, "/mcp", TOKEN)).satisfies(DpopKeyTest::hasNonce);
  }

  /** RFC 9449 §9: many a server is its own issuer, and has a nonce for each of them. */
  @Test
  void tokenEndpointAndServerOfOneOriginHaveNoncesOfTheirOwn() {
    nonces.put(SERVER, "n1");
    key.useNonce(SERVER.resolve("/token"), "n2");

    assertThat(toServer(SERVER).claim("nonce")).isEqualTo("n1");
    assertThat(Jwt.of(key.proof("POST", SERVER.resolve("/token"))).claim("nonce")).isEqualTo("n2");
  }

  /** However many origins there were, the known ones go on. */
  @Test
  void nonceOfAKnownOriginIsReplacedInAFullMemory() {
    nonces.put(SERVER, "n1");
    for (int i = 0; i < 1_000; i++) {
      nonces.put(URI.create("https://mcp.example:" + (9_000 + i)), "other");
    }

    nonces.put(SERVER, "n2");

    assertThat(toServer(SERVER).claim("nonce")).isEqualTo("n2");
  }

  // R-EX-6: RFC 9449 §8.1
  @ParameterizedTest
  @ValueSource(strings = {"with blank", "\u0001", "\u00e4", "line\r\nbreak"})
  void oddNonceIsNotUsed(String nonce) {
    nonces.put(SERVER, nonce);

    assertThat(toServer(SERVER).claims()).doesNotContainKey("nonce");
  }

  @Test
  void everyIssuerHasAKeyOfItsOwn() {
    DpopKey other = key();

    assertThat(key.thumbprint()).hasSize(43).isNotEqualTo(other.thumbprint());
    assertThat(key).hasToString("DpopKey[" + key.thumbprint() + "]");
  }

  private DpopKey key() {
    return new DpopKey(() -> NOW, new SecureRandom(), nonces);
  }

  private Jwt toServer(URI server) {
    return Jwt.of(key.proof("POST", server, "/mcp", TOKEN));
  }

  private static void hasNonce(String proof) {
    assertThat(Jwt.of(proof).claim("nonce")).isEqualTo("n1");
  }
}
