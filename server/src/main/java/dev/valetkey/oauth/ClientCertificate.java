package dev.valetkey.oauth;

import dev.valetkey.config.TlsConfig;
import dev.valetkey.token.Secret;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificate that we show to an issuer (RFC 8705 §2), read anew in every handshake; while its
 * files do not fit together, the last good pair serves. Thread-safe.
 */
final class ClientCertificate extends X509ExtendedKeyManager {
  private static final String ALIAS = "valetkey";

  private record Pair(X509Certificate[] chain, PrivateKey key) {}

  private final SecretFile certFile;
  private final SecretFile keyFile;

  /** Written by any handshake. */
  private volatile @Nullable Pair lastGood;

  private ClientCertificate(SecretFile certFile, SecretFile keyFile) {
    this.certFile = certFile;
    this.keyFile = keyFile;
  }

  /** The configured certificate; null if there is none. */
  static @Nullable ClientCertificate of(TlsConfig tls) {
    return tls.certFile() == null || tls.keyFile() == null
        ? null
        : new ClientCertificate(new SecretFile(tls.certFile()), new SecretFile(tls.keyFile()));
  }

  /** The certificates of a PEM text, ours first. */
  static X509Certificate[] chain(Secret pem) throws CertificateException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(
            new ByteArrayInputStream(pem.reveal().getBytes(StandardCharsets.ISO_8859_1)))
        .stream()
        .map(X509Certificate.class::cast)
        .toArray(X509Certificate[]::new);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return pair() == null ? null : new String[] {ALIAS};
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    Pair pair = pair();
    return pair != null && Arrays.asList(keyTypes).contains(pair.key().getAlgorithm())
        ? ALIAS
        : null;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return chooseClientAlias(keyTypes, issuers, null);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Pair pair = lastGood;
    return pair == null ? null : pair.chain().clone();
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Pair pair = lastGood;
    return pair == null ? null : pair.key();
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  private @Nullable Pair pair() {
    Optional<Secret> certificates = certFile.read();
    Optional<SigningKey> key = keyFile.read().flatMap(SigningKey::parse);
    if (certificates.isPresent() && key.isPresent()) {
      try {
        X509Certificate[] chain = chain(certificates.get());
        if (chain.length > 0 && belongTogether(chain[0], key.get())) {
          lastGood = new Pair(chain, key.get().privateKey());
        }
      } catch (CertificateException halfWritten) {
        return lastGood;
      }
    }
    return lastGood;
  }

  /** A rotation replaces two files, one after the other. */
  private static boolean belongTogether(X509Certificate certificate, SigningKey key) {
    byte[] probe = {1};
    try {
      return key.algorithm()
          .verify(certificate.getPublicKey(), probe, key.algorithm().sign(key.privateKey(), probe));
    } catch (java.security.GeneralSecurityException e) {
      return false;
    }
  }
}
