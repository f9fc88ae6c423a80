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

  private final DpopKey key = new DpopKey(() -> NOW, new SecureRandom());

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
    key.useNonce(URI.create("https://mcp.example:8443/other"), "n1");

    assertThat(toServer().claim("nonce")).isEqualTo("n1");
    assertThat(Jwt.of(key.proof("POST", URI.create("https://mcp.example/mcp"))).claims())
        .doesNotContainKey("nonce");
    key.useNonce(SERVER, "n2");
    assertThat(toServer().claim("nonce")).isEqualTo("n2");
  }

  // R-EX-6: RFC 9449 §8.1
  @ParameterizedTest
  @ValueSource(strings = {"with blank", "\u0001", "\u00e4", "line\r\nbreak"})
  void oddNonceIsNotUsed(String nonce) {
    key.useNonce(SERVER, nonce);

    assertThat(toServer().claims()).doesNotContainKey("nonce");
  }

  @Test
  void everyIssuerHasAKeyOfItsOwn() {
    DpopKey other = new DpopKey(() -> NOW, new SecureRandom());

    assertThat(key.thumbprint()).hasSize(43).isNotEqualTo(other.thumbprint());
    assertThat(key).hasToString("DpopKey[" + key.thumbprint() + "]");
  }

  private Jwt toServer() {
    TokenDigest token = TokenDigest.of("CANARY-token".getBytes(StandardCharsets.UTF_8));
    return Jwt.of(key.proof("POST", SERVER, "/mcp", token));
  }
}
