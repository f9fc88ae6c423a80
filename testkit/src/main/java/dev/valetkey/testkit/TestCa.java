package dev.valetkey.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate authority for one test run, made by the JDK's keytool. Its files lie in the folder
 * it was given.
 */
public final class TestCa {
  private static final char[] PASSWORD = "CANARY-keystore".toCharArray();

  private final Path store;
  private final Path pem;
  private int issued;

  /**
   * A server's certificate and key.
   *
   * @param chain PEM: leaf, then CA
   * @param key PEM, PKCS#8
   * @param context for a server that shows it, and trusts what its CA issued
   * @param mutual whether that server demands a certificate of its clients
   */
  public record Certificate(Path chain, Path key, SSLContext context, boolean mutual) {
    /** The same for a server that demands a certificate of its clients. */
    public Certificate demanding() {
      return new Certificate(chain, key, context, true);
    }
  }

  private TestCa(Path store, Path pem) {
    this.store = store;
    this.pem = pem;
  }

  /** A new CA in this folder. */
  public static TestCa create(Path folder) {
    Path store = folder.resolve("ca.p12");
    keytool(
        store,
        "-genkeypair",
        "-alias",
        "ca",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=valetkey test CA",
        "-validity",
        "30",
        "-ext",
        "bc:c=ca:true",
        "-ext",
        "ku:c=keyCertSign");
    try {
      Path pem = folder.resolve("ca.pem");
      Files.writeString(pem, pem("CERTIFICATE", load(store).getCertificate("ca").getEncoded()));
      return new TestCa(store, pem);
    } catch (IOException | GeneralSecurityException broken) {
      throw new IllegalStateException(broken);
    }
  }

  /** The CA's certificate as PEM: what clients trust. */
  public Path pem() {
    return pem;
  }

  /** A certificate for {@code localhost} and 127.0.0.1, valid for a month. */
  public Certificate localhost() {
    return issue("-0d", 30, "dns:localhost", "ip:127.0.0.1");
  }

  /** A certificate for other names, such as {@code dns:mcp.example.com}. */
  public Certificate issue(String... names) {
    return issue("-0d", 30, names);
  }

  /** A certificate for localhost that expired yesterday. */
  public Certificate expired() {
    return expired("dns:localhost", "ip:127.0.0.1");
  }

  /** A certificate for other names that expired yesterday. */
  public Certificate expired(String... names) {
    return issue("-3d", 2, names);
  }

  /** Trusts this CA and nothing else. */
  public SSLContext clientContext() {
    return trusting(pem);
  }

  /** Trusts the CA of this PEM file and nothing else. */
  public static SSLContext trusting(Path caPem) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust(caPem), null);
      return context;
    } catch (IOException | GeneralSecurityException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static TrustManager[] trust(Path caPem) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(caPem)) {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      return trust.getTrustManagers();
    }
  }

  private synchronized Certificate issue(String start, int days, String... names) {
    String alias = "leaf" + ++issued;
    keytool(
        store,
        "-genkeypair",
        "-alias",
        alias,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=" + alias,
        "-startdate",
        start,
        "-validity",
        String.valueOf(days),
        "-signer",
        "ca",
        "-ext",
        "san=" + String.join(",", names),
        "-ext",
        "eku=serverAuth,clientAuth");
    try {
      KeyStore all = load(store);
      KeyStore one = KeyStore.getInstance("PKCS12");
      one.load(null, null);
      one.setKeyEntry(alias, all.getKey(alias, PASSWORD), PASSWORD, all.getCertificateChain(alias));
      KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
      own.init(one, PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(own.getKeyManagers(), trust(pem), null);
      StringBuilder chain = new StringBuilder();
      for (java.security.cert.Certificate link : all.getCertificateChain(alias)) {
        chain.append(pem("CERTIFICATE", link.getEncoded()));
      }
      Path chainFile = store.resolveSibling(alias + ".pem");
      Path keyFile = store.resolveSibling(alias + "-key.pem");
      Files.writeString(chainFile, chain);
      Files.writeString(keyFile, pem("PRIVATE KEY", all.getKey(alias, PASSWORD).getEncoded()));
      return new Certificate(chainFile, keyFile, context, false);
    } catch (IOException | GeneralSecurityException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static KeyStore load(Path store) throws IOException, GeneralSecurityException {
    return KeyStore.getInstance(store.toFile(), PASSWORD);
  }

  /** Any DER structure as PEM. RFC 7468. */
  public static String pem(String label, byte[] der) {
    String text = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
  }

  private static void keytool(Path store, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(
        List.of(
            "-keystore",
            store.toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            new String(PASSWORD)));
    Child.run(command);
  }
}
