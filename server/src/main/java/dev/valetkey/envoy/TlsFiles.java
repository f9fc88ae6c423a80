package dev.valetkey.envoy;

import dev.valetkey.config.ListenTlsConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of {@code listen.tls}: the certificate that we show, and whom we let in. While they are
 * not in order, because somebody is just replacing them, the last good ones serve. Thread-safe.
 */
final class TlsFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

  /** Bytes of the largest file; bundles of authorities are far below it. */
  private static final int MAX_BYTES = 1 << 20;

  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  /** Forward secrecy and authenticated encryption: the others are RFC 9113 appendix A's. */
  private static final String[] CIPHER_SUITES = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
  };

  private final ListenTlsConfig config;

  /** Written by the constructor and by {@link #reload}. */
  private volatile Loaded loaded;

  /** What the three files say. */
  private record Texts(String certificate, String key, String authorities) {
    @Override
    public String toString() {
      return "Texts[***]";
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Loaded(Texts texts, KeyManager[] keys, TrustManager[] trust) {}

  /** Reads the files; throws when they are not in order. */
  TlsFiles(ListenTlsConfig config) throws IOException {
    this.config = config;
    try {
      this.loaded = load(read());
    } catch (GeneralSecurityException e) {
      throw new IOException("listen.tls: " + e.getMessage(), e);
    }
  }

  /**
   * Reads the files again. What they say now counts for every connection that begins later; nothing
   * happens to those that are there.
   */
  synchronized void reload() {
    try {
      Texts texts = read();
      if (!texts.equals(loaded.texts())) {
        loaded = load(texts);
        LOG.atInfo().addKeyValue("file", config.certFile()).log("listen.tls loaded");
      }
    } catch (IOException | GeneralSecurityException e) {
      LOG.atWarn()
          .addKeyValue("cause", e.getMessage())
          .log("listen.tls is not in order; the last good files serve");
    }
  }

  /**
   * The server's side of a new connection. Its context is its own: no session of another connection
   * can be resumed, which would go on without a look at the client's certificate.
   */
  SSLEngine engine() {
    Loaded now = loaded;
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(now.keys(), now.trust(), null);
      SSLEngine engine = context.createSSLEngine();
      engine.setUseClientMode(false);
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setProtocols(PROTOCOLS);
      parameters.setCipherSuites(CIPHER_SUITES);
      parameters.setNeedClientAuth(true);
      parameters.setApplicationProtocols(new String[] {"h2"});
      engine.setSSLParameters(parameters);
      return engine;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  private Texts read() throws IOException {
    return new Texts(text(config.certFile()), text(config.keyFile()), text(config.clientCaFile()));
  }

  private static String text(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(file + ": too large");
      }
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file", e);
    }
  }

  private Loaded load(Texts texts) throws IOException, GeneralSecurityException {
    List<X509Certificate> chain =
        read(config.certFile(), () -> Pem.certificates(texts.certificate()));
    PrivateKey key = read(config.keyFile(), () -> Pem.privateKey(texts.key()));
    if (!Pem.belongTogether(chain.getFirst(), key)) {
      throw new GeneralSecurityException(
          config.keyFile() + " is not the key of " + config.certFile());
    }
    List<X509Certificate> authorities =
        read(config.clientCaFile(), () -> Pem.certificates(texts.authorities()));
    return new Loaded(
        texts,
        keys(chain, key),
        new TrustManager[] {new NamedPeers(trust(authorities), config.clientNames())});
  }

  /** Reads one file's text. */
  @FunctionalInterface
  private interface Reading<T> {
    T read() throws GeneralSecurityException;
  }

  private static <T> T read(Path file, Reading<T> reading) throws GeneralSecurityException {
    try {
      return reading.read();
    } catch (GeneralSecurityException e) {
      throw new GeneralSecurityException(file + ": " + e.getMessage(), e);
    }
  }

  private static KeyManager[] keys(List<X509Certificate> chain, PrivateKey key)
      throws IOException, GeneralSecurityException {
    char[] noPassword = {};
    KeyStore store = emptyStore();
    store.setKeyEntry("valetkey", key, noPassword, chain.toArray(X509Certificate[]::new));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, noPassword);
    return factory.getKeyManagers();
  }

  private static X509ExtendedTrustManager trust(List<X509Certificate> authorities)
      throws IOException, GeneralSecurityException {
    KeyStore anchors = emptyStore();
    for (X509Certificate authority : authorities) {
      anchors.setCertificateEntry("ca-" + anchors.size(), authority);
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(anchors);
    return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
