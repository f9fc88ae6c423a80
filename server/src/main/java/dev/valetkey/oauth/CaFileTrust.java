package dev.valetkey.oauth;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts the certificates of a PEM file and nobody else. The file is looked at in every handshake,
 * so that a new bundle counts without a restart; while it cannot be read, the last good one serves.
 * Thread-safe.
 */
final class CaFileTrust extends X509ExtendedTrustManager {

  private record Bundle(String pem, X509ExtendedTrustManager trust) {}

  private final Path caFile;

  /** Written by any handshake that finds another content. */
  private volatile @Nullable Bundle lastGood;

  private CaFileTrust(Path caFile) {
    this.caFile = caFile;
  }

  /** The TLS context for a bundle; null: the platform's certificates. */
  static SSLContext context(@Nullable Path caFile) {
    return context(caFile, null);
  }

  /**
   * As {@link #context(Path)}, showing a certificate of ours.
   *
   * @param certificate null: none
   */
  static SSLContext context(@Nullable Path caFile, @Nullable ClientCertificate certificate) {
    try {
      if (caFile == null && certificate == null) {
        return SSLContext.getDefault();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          certificate == null ? null : new KeyManager[] {certificate},
          caFile == null ? null : new TrustManager[] {new CaFileTrust(caFile)},
          null);
      if (certificate != null) {
        // A resumed session goes on under the certificate of its first handshake (RFC 8446 §2.2): a
        // day long, by default, after that was rotated. One second is the shortest there is.
        context.getClientSessionContext().setSessionTimeout(1);
      }
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    trust().checkServerTrusted(chain, authType, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    trust().checkServerTrusted(chain, authType, socket);
  }

  /** Without a connection there is no host name to check: never trusted. */
  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a server is only trusted on its connection");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw noClients();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw noClients();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw noClients();
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }

  private static CertificateException noClients() {
    return new CertificateException("issuers are servers");
  }

  private X509ExtendedTrustManager trust() throws CertificateException {
    Bundle known = lastGood;
    try {
      String pem = Files.readString(caFile, StandardCharsets.ISO_8859_1);
      if (known == null || !pem.equals(known.pem())) {
        known = new Bundle(pem, trusting(pem));
        lastGood = known;
      }
    } catch (IOException | GeneralSecurityException e) {
      if (known == null) {
        throw new CertificateException("the CA file cannot be read", e);
      }
    }
    return known.trust();
  }

  private static X509ExtendedTrustManager trusting(String pem)
      throws GeneralSecurityException, IOException {
    KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
    anchors.load(null, null);
    int count = 0;
    for (Certificate certificate :
        CertificateFactory.getInstance("X.509")
            .generateCertificates(
                new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1)))) {
      anchors.setCertificateEntry("ca-" + count++, certificate);
    }
    if (count == 0) {
      throw new CertificateException("no certificate in the CA file");
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(anchors);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager trust) {
        return trust;
      }
    }
    throw new GeneralSecurityException("the platform has no X.509 trust manager");
  }
}
