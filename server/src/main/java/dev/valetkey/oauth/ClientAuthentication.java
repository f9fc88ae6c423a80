package dev.valetkey.oauth;

import dev.valetkey.config.IssuerConfig;
import dev.valetkey.config.IssuerConfig.AssertionAudience;
import dev.valetkey.token.Secret;
import dev.valetkey.token.TokenDigest;
import java.net.URI;
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
        ClientAuthentication.AssertionFile,
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

  /**
   * {@code form} with our credentials; empty if they cannot be read.
   *
   * @param endpoint where the form will be sent
   */
  Optional<Signed> sign(Form form, URI endpoint);

  static ClientAuthentication of(IssuerConfig config, InstantSource clock, SecureRandom random) {
    String clientId = config.clientId() == null ? "" : config.clientId();
    return switch (config.tokenEndpointAuthMethod()) {
      case CLIENT_SECRET_BASIC ->
          new Basic(clientId, file(config.clientSecretFile(), "client_secret_file"));
      case CLIENT_SECRET_POST ->
          new Post(clientId, file(config.clientSecretFile(), "client_secret_file"));
      case PRIVATE_KEY_JWT ->
          config.clientAssertionFile() == null
              ? new PrivateKeyJwt(
                  clientId,
                  config.clientAssertionAudience() == AssertionAudience.ISSUER
                      ? config.issuer()
                      : null,
                  config.keyId(),
                  file(config.privateKeyFile(), "private_key_file"),
                  clock,
                  random)
              : new AssertionFile(
                  clientId,
                  config.clientAssertionType(),
                  new SecretFile(config.clientAssertionFile()));
      // RFC 8705 §2: the connection's certificate is the credential, client_id says whose it is.
      case TLS_CLIENT_AUTH, SELF_SIGNED_TLS_CLIENT_AUTH, NONE -> new NoCredential(clientId);
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
    public Optional<Signed> sign(Form form, URI endpoint) {
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
    public Optional<Signed> sign(Form form, URI endpoint) {
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
   * An assertion that the platform makes and renews: a projected service account token, a JWT-SVID
   * (RFC 7523 §2.2, draft-ietf-oauth-spiffe-client-auth).
   *
   * @param clientId empty: the assertion says it
   * @param type {@code client_assertion_type}
   */
  record AssertionFile(String clientId, String type, SecretFile assertionFile)
      implements ClientAuthentication {
    @Override
    public Optional<Signed> sign(Form form, URI endpoint) {
      Form named = clientId.isEmpty() ? form : form.with("client_id", clientId);
      return assertionFile
          .read()
          .map(assertion ->
              new Signed(
                  named
                      .with("client_assertion_type", type)
                      .with("client_assertion", assertion.reveal()),
                  null,
                  assertion.digest()));
    }
  }

  /**
   * No credential in the request: a public client, or one whose certificate was shown already.
   *
   * @param clientId empty: not even that
   */
  record NoCredential(String clientId) implements ClientAuthentication {
    @Override
    public Optional<Signed> sign(Form form, URI endpoint) {
      Form named = clientId.isEmpty() ? form : form.with("client_id", clientId);
      return Optional.of(new Signed(named, null, null));
    }
  }
}
