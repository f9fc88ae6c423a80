package dev.valetkey.oauth;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenDigest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How we say who we are at a token endpoint (RFC 6749 §2.3). Credentials are read from their files
 * at each use. Thread-safe.
 */
sealed interface ClientAuthentication
    permits ClientAuthentication.Basic,
        ClientAuthentication.Post,
        ClientAuthentication.NoCredential,
        PrivateKeyJwt {

  /**
   * A form with our credentials.
   *
   * @param authorization value of the header; null: none
   * @param credential digest of the secret that was used; null: none was
   */
  record Signed(Form form, @Nullable String authorization, @Nullable TokenDigest credential) {
    @Override
    public String toString() {
      return "Signed[" + form + "]";
    }
  }

  /** {@code form} with our credentials; empty if they cannot be read. */
  Optional<Signed> sign(Form form);

  static ClientAuthentication of(IssuerConfig config, InstantSource clock, SecureRandom random) {
    String clientId = config.clientId() == null ? "" : config.clientId();
    return switch (config.tokenEndpointAuthMethod()) {
      case CLIENT_SECRET_BASIC ->
          new Basic(clientId, file(config.clientSecretFile(), "client_secret_file"));
      case CLIENT_SECRET_POST ->
          new Post(clientId, file(config.clientSecretFile(), "client_secret_file"));
      case PRIVATE_KEY_JWT ->
          new PrivateKeyJwt(
              clientId,
              config.issuer().toString(),
              config.keyId(),
              file(config.privateKeyFile(), "private_key_file"),
              clock,
              random);
      case NONE -> new NoCredential(clientId);
    };
  }

  private static SecretFile file(@Nullable Path path, String key) {
    if (path == null) {
      throw new IllegalArgumentException("this client authentication needs " + key);
    }
    return new SecretFile(path);
  }

  /** {@code client_secret_basic}. */
  record Basic(String clientId, SecretFile secretFile) implements ClientAuthentication {
    @Override
    public Optional<Signed> sign(Form form) {
      return secretFile.read().map(secret -> new Signed(form, header(secret), secret.digest()));
    }

    private String header(Secret secret) {
      // RFC 6749 §2.3.1: both are form-encoded before they are joined, so that a colon stays what
      // it is.
      String pair = Form.encode(clientId) + ":" + Form.encode(secret.reveal());
      return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** {@code client_secret_post}. */
  record Post(String clientId, SecretFile secretFile) implements ClientAuthentication {
    @Override
    public Optional<Signed> sign(Form form) {
      return secretFile
          .read()
          .map(secret ->
              new Signed(
                  form.with("client_id", clientId).with("client_secret", secret.reveal()),
                  null,
                  secret.digest()));
    }
  }

  /**
   * {@code none}: a public client says its name only.
   *
   * @param clientId empty: not even that
   */
  record NoCredential(String clientId) implements ClientAuthentication {
    @Override
    public Optional<Signed> sign(Form form) {
      Form named = clientId.isEmpty() ? form : form.with("client_id", clientId);
      return Optional.of(new Signed(named, null, null));
    }
  }
}
