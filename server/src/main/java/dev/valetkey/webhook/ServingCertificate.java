package dev.valetkey.webhook;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that we show to the API server. It may be replaced at any time: handshakes that
 * begin later see the new one, and connections stay. Thread-safe.
 */
final class ServingCertificate extends X509ExtendedKeyManager {
  private static final Logger LOG = LoggerFactory.getLogger(ServingCertificate.class);
  private static final int MAX_BYTES = 64 * 1024;

  /** A certificate and its key under a name of their own, so that a handshake gets both of one. */
  private record Pair(String alias, X509Certificate[] chain, PrivateKey key) {}

  private final Path certFile;
  private final Path keyFile;

  /** The one in force first, then the one before it. Written by {@link #load} alone. */
  private volatile List<Pair> pairs = List.of();

  private int loads;

  /** Shows nothing before {@link #load}. */
  ServingCertificate(Path certFile, Path keyFile) {
    this.certFile = certFile;
    this.keyFile = keyFile;
  }

  /**
   * Takes what the files hold now.
   *
   * @throws IOException when they cannot be read, or do not fit together; what was loaded before
   *     stays in force
   */
  synchronized void load() throws IOException {
    Pair fresh = read(Integer.toString(++loads));
    pairs = Stream.concat(Stream.of(fresh), pairs.stream().limit(1)).toList();
  }

  /**
   * The same for a running server: what is wrong is only said, since a rotation takes two steps.
   */
  void reload() {
    try {
      load();
      LOG.atInfo().addKeyValue("file", certFile).log("certificate replaced");
    } catch (IOException unfit) {
      LOG.atWarn()
          .addKeyValue("file", certFile)
          .addKeyValue("cause", unfit.getMessage())
          .log("certificate not replaced");
    }
  }

  /** For a server that shows this certificate and asks for none. */
  SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {this}, null, null);
      return context;
    } catch (NoSuchAlgorithmException | KeyManagementException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  private Pair read(String alias) throws IOException {
    try {
      X509Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(content(certFile)))
              .stream()
              .map(X509Certificate.class::cast)
              .toArray(X509Certificate[]::new);
      PrivateKey key = PrivateKeys.fromPem(new String(content(keyFile), StandardCharsets.US_ASCII));
      if (chain.length == 0 || !PrivateKeys.belongsTo(key, chain[0].getPublicKey())) {
        throw new IOException(certFile + " and " + keyFile + " do not fit together");
      }
      return new Pair(alias, chain, key);
    } catch (CertificateException e) {
      throw new IOException(certFile + " holds no certificates", e);
    } catch (GeneralSecurityException e) {
      throw new IOException(keyFile + " holds no private key that we can read", e);
    }
  }

  private static byte[] content(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(file + " is too large");
      }
      return bytes;
    }
  }

  private Stream<Pair> named(String alias) {
    return pairs.stream().filter(pair -> pair.alias().equals(alias));
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return pairs.stream()
        .limit(1)
        .filter(current -> current.key().getAlgorithm().equals(keyType))
        .map(Pair::alias)
        .findFirst()
        .orElse(null);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return chooseServerAlias(keyType, issuers, null);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return named(alias).map(pair -> pair.chain().clone()).findFirst().orElse(null);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return named(alias).map(Pair::key).findFirst().orElse(null);
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return Stream.of(chooseServerAlias(keyType, issuers, null))
        .filter(Objects::nonNull)
        .toArray(String[]::new);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
