package dev.valetkey.cli.training;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate for localhost, made by the runtime's keytool for one training run.
 *
 * @param context for a server that shows it
 * @param ca PEM file with the authority that signed it, which exists nowhere else
 */
record MadeUpCertificate(SSLContext context, Path ca) {
  private static final String PASSWORD = "made-up";

  /** RSA signs and EC shakes hands, as with most public sites: both are worth training. */
  static MadeUpCertificate in(Path folder)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path store = folder.resolve("keys.p12");
    make(store, "-alias", "ca", "-dname", "CN=ca", "-keyalg", "RSA", "-ext", "bc:c=ca:true");
    make(
        store,
        "-alias",
        "leaf",
        "-dname",
        "CN=leaf",
        "-keyalg",
        "EC",
        "-signer",
        "ca",
        "-ext",
        "san=dns:localhost");

    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    Path ca = folder.resolve("ca.pem");
    Files.writeString(ca, pem(keys.getCertificate("ca").getEncoded()));
    keys.deleteEntry("ca");
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), null, null);
    return new MadeUpCertificate(context, ca);
  }

  private static void make(Path store, String... key) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "keytool").toString());
    command.addAll(List.of("-genkeypair", "-keystore", store.toString(), "-storepass", PASSWORD));
    command.addAll(List.of(key));
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IllegalStateException("training: keytool failed");
    }
  }

  /** RFC 7468. */
  private static String pem(byte[] certificate) {
    String text = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(certificate);
    return "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n";
  }
}
