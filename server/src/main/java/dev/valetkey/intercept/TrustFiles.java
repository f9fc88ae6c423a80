package dev.valetkey.intercept;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder that the agent sees, with what its TLS clients must trust. No client reads all of it:
 *
 * <ul>
 *   <li>{@code pod-ca.pem}: the pod's root, for those who add it to what they have
 *   <li>{@code ca-bundle.pem}: the system's bundle and the pod's root
 *   <li>{@code truststore.p12}: the Java runtime's certificates, the system's and the pod's root
 *   <li>{@code env}: the environment variables that point to them
 * </ul>
 *
 * Each file appears whole and is readable to everybody; nothing in them is secret.
 */
final class TrustFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TrustFiles.class);

  private static final Set<PosixFilePermission> OPEN_FOLDER =
      PosixFilePermissions.fromString("rwxr-xr-x");
  private static final Set<PosixFilePermission> OPEN_FILE =
      PosixFilePermissions.fromString("rw-r--r--");

  private final Path folder;
  private final Path bundle;
  private final Path root;
  private final Path truststore;
  private final Path environment;

  TrustFiles(Path folder) {
    this.folder = folder.toAbsolutePath();
    this.bundle = this.folder.resolve("ca-bundle.pem");
    this.root = this.folder.resolve("pod-ca.pem");
    this.truststore = this.folder.resolve("truststore.p12");
    this.environment = this.folder.resolve("env");
  }

  /**
   * Writes all files, over those of a predecessor.
   *
   * @param systemBundle what the agent trusts otherwise; where there is none, the Java runtime's
   *     certificates take its place
   */
  void write(Path systemBundle, X509Certificate podRoot) throws IOException {
    openFolder();
    if (Files.exists(root)) {
      LOG.atWarn()
          .addKeyValue("folder", folder.toString())
          .log("a new certificate authority: agents that read the former one must be restarted");
    }
    Set<X509Certificate> ofRuntime = ofRuntime();
    byte[] system = system(systemBundle, ofRuntime);
    byte[] own = Pem.of(List.of(podRoot));
    byte[] store = store(ofRuntime, read(systemBundle, system), podRoot);
    write(root, own);
    write(bundle, joined(system, own));
    write(truststore, store);
    write(environment, environment().getBytes(UTF_8));
  }

  /** Five variables reach curl, Python's, Node's, Go's and Java's TLS clients. */
  private String environment() {
    return """
    SSL_CERT_FILE=%1$s
    REQUESTS_CA_BUNDLE=%1$s
    CURL_CA_BUNDLE=%1$s
    NODE_EXTRA_CA_CERTS=%2$s
    JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=%3$s -Djavax.net.ssl.trustStorePassword=changeit
    """
        .formatted(bundle, root, truststore);
  }

  private static byte[] system(Path bundle, Set<X509Certificate> ofRuntime) throws IOException {
    try {
      return Files.readAllBytes(bundle);
    } catch (NoSuchFileException e) {
      LOG.atWarn()
          .addKeyValue("file", bundle.toString())
          .log("no system bundle: the agent is given the Java runtime's certificates");
      return Pem.of(ofRuntime);
    }
  }

  private static byte[] joined(byte[] system, byte[] own) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(system);
    text.write('\n'); // A bundle may end within its last line.
    text.writeBytes(own);
    return text.toByteArray();
  }

  private static List<X509Certificate> read(Path name, byte[] bundle) throws IOException {
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(bundle))
          .stream()
          .map(X509Certificate.class::cast)
          .toList();
    } catch (CertificateException e) {
      throw new IOException(name + " is not a bundle of certificates: " + e.getMessage(), e);
    }
  }

  /** What this program's own TLS trusts: of the JDK that runs it, unless told otherwise. */
  private static Set<X509Certificate> ofRuntime() {
    try {
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init((KeyStore) null);
      return Stream.of(factory.getTrustManagers())
          .filter(X509TrustManager.class::isInstance)
          .flatMap(manager -> Stream.of(((X509TrustManager) manager).getAcceptedIssuers()))
          .collect(Collectors.toCollection(LinkedHashSet::new));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform trusts somebody", e);
    }
  }

  /**
   * A PKCS #12 store without encryption or seal, as the JDK's own: it opens with any password, and
   * without one.
   */
  private static byte[] store(
      Set<X509Certificate> ofRuntime, List<X509Certificate> system, X509Certificate podRoot)
      throws IOException {
    Set<X509Certificate> all = new LinkedHashSet<>();
    all.add(podRoot);
    all.addAll(ofRuntime);
    all.addAll(system);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (X509Certificate certificate : all) {
        store.setCertificateEntry(
            certificate.equals(podRoot) ? "valetkey-pod" : "ca-" + ++number, certificate);
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      store.store(bytes, null);
      return bytes.toByteArray();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has PKCS #12", e);
    }
  }

  /** A folder that was mounted by somebody else may be open to more than it has to. */
  private void openFolder() throws IOException {
    boolean ours = Files.notExists(folder);
    Files.createDirectories(folder);
    if (ours || !Files.getPosixFilePermissions(folder).containsAll(OPEN_FOLDER)) {
      Files.setPosixFilePermissions(folder, OPEN_FOLDER);
    }
  }

  /** The file appears whole, with its mode, or not at all. */
  private static void write(Path file, byte[] content) throws IOException {
    Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.write(fresh, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    Files.setPosixFilePermissions(fresh, OPEN_FILE);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
