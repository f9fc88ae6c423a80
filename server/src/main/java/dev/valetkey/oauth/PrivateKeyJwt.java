package dev.valetkey.oauth;

import com.google.gson.JsonObject;
import dev.valetkey.token.Secret;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code private_key_jwt} (RFC 7523 §2.2, tightened by its successor draft): an assertion of our
 * own for each request, for the issuer as its only audience. Thread-safe.
 */
final class PrivateKeyJwt implements ClientAuthentication {
  private static final Logger log = LoggerFactory.getLogger(PrivateKeyJwt.class);
  private static final String ASSERTION_TYPE =
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  private static final Duration LIFETIME = Duration.ofSeconds(60);

  /** A key file's content with the key it holds; null if it holds none. */
  private record Parsed(Secret content, @Nullable SigningKey key) {}

  private final String clientId;
  private final @Nullable URI audience;
  private final @Nullable String keyId;
  private final SecretFile keyFile;
  private final InstantSource clock;
  private final SecureRandom random;

  /** Written by every request that finds another content. */
  private volatile @Nullable Parsed parsed;

  /**
   * @param audience {@code aud} of the assertions, the issuer; null: the token endpoint that is
   *     asked, for issuers that insist on it
   * @param keyId {@code kid} of the assertions; null: the JWK's own, if it has one
   */
  PrivateKeyJwt(
      String clientId,
      @Nullable URI audience,
      @Nullable String keyId,
      SecretFile keyFile,
      InstantSource clock,
      SecureRandom random) {
    this.clientId = clientId;
    this.audience = audience;
    this.keyId = keyId;
    this.keyFile = keyFile;
    this.clock = clock;
    this.random = random;
  }

  @Override
  public Optional<Signed> sign(Form form, URI endpoint) {
    Optional<Secret> content = keyFile.read();
    if (content.isEmpty()) {
      return Optional.empty();
    }
    Parsed current = parsed;
    if (current == null || !current.content().equals(content.get())) {
      current = new Parsed(content.get(), SigningKey.parse(content.get()).orElse(null));
      parsed = current;
      if (current.key() == null) {
        log.atWarn().log("private_key_file holds no PKCS #8 or JWK key for signatures");
      }
    }
    if (current.key() == null) {
      return Optional.empty();
    }
    Form signed =
        form.with("client_id", clientId)
            .with("client_assertion_type", ASSERTION_TYPE)
            .with("client_assertion", assertion(current.key(), endpoint));
    return Optional.of(new Signed(signed, null, current.content().digest()));
  }

  private String assertion(SigningKey key, URI endpoint) {
    JsonObject header = new JsonObject();
    header.addProperty("typ", "client-authentication+jwt");
    String kid = keyId == null ? key.keyId() : keyId;
    if (kid != null) {
      header.addProperty("kid", kid);
    }
    byte[] id = new byte[16];
    random.nextBytes(id);
    long now = clock.instant().getEpochSecond();
    JsonObject claims = new JsonObject();
    claims.addProperty("iss", clientId);
    claims.addProperty("sub", clientId);
    claims.addProperty("aud", (audience == null ? endpoint : audience).toString());
    claims.addProperty("jti", HexFormat.of().formatHex(id));
    claims.addProperty("iat", now);
    claims.addProperty("exp", now + LIFETIME.toSeconds());
    return key.sign(header, claims);
  }
}
