package dev.valetkey.intercept;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.valetkey.testkit.Child;
import dev.valetkey.testkit.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the agent finds in its trust folder. What real clients make of it is shown in TrustIT. */
final class TrustFilesTest {
  @TempDir private Path temp;
  private final X509Certificate root = newRoot();
  private Path folder;
  private Path system;

  @BeforeEach
  void makeSystemBundle() throws IOException {
    folder = temp.resolve("run/trust");
    Path made = Files.createDirectory(temp.resolve("system"));
    system = made.resolve("bundle.pem");
    String comment = "# Authority of the company\n";
    Files.writeString(system, comment + Files.readString(TestCa.create(made).pem()).strip());
  }

  @Test
  void everybodyMayReadWhatIsThere() throws IOException {
    new TrustFiles(folder).write(system, root);

    assertThat(mode(folder)).isEqualTo("rwxr-xr-x");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files)
          .allSatisfy(file -> assertThat(mode(file)).isEqualTo("rw-r--r--"))
          .extracting(file -> file.getFileName().toString())
          .containsExactlyInAnyOrder("ca-bundle.pem", "pod-ca.pem", "truststore.p12", "env");
    }
  }

  @Test
  void bundleIsTheSystemsAndThePodsRoot() throws IOException {
    new TrustFiles(folder).write(system, root);

    assertThat(pem("pod-ca.pem")).containsExactly(root);
    assertThat(pem("ca-bundle.pem")).containsExactly(ofSystem(), root);
    assertThat(Files.readString(folder.resolve("ca-bundle.pem")))
        .startsWith("# Authority of the company\n-----BEGIN CERTIFICATE-----\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"changeit", ""})
  void truststoreIsTheRuntimesTheSystemsAndThePodsRoot(String password) throws Exception {
    new TrustFiles(folder).write(system, root);

    KeyStore store =
        KeyStore.getInstance(
            folder.resolve("truststore.p12").toFile(),
            password.isEmpty() ? null : password.toCharArray());

    assertThat(store.getCertificate("valetkey-pod")).isEqualTo(root);
    assertThat(store.getCertificateAlias(ofSystem())).isNotNull();
    assertThat(store.size()).isGreaterThan(50);
    for (String alias : Collections.list(store.aliases())) {
      assertThat(store.isCertificateEntry(alias)).isTrue();
    }
  }

  @Test
  void truststoreIsReadByKeytool() throws IOException {
    new TrustFiles(folder).write(system, root);

    String listed =
        Child.run(
            List.of(
                Path.of(System.getProperty("java.home", ""), "bin", "keytool").toString(),
                "-list",
                "-keystore",
                folder.resolve("truststore.p12").toString(),
                "-storepass",
                "changeit"));

    assertThat(listed).contains("valetkey-pod, ").contains("trustedCertEntry");
  }

  @Test
  void fiveVariablesPointToTheFiles() throws IOException {
    new TrustFiles(folder).write(system, root);

    assertThat(Files.readString(folder.resolve("env")).replace(folder.toString(), "/trust"))
        .isEqualTo(
            """
            SSL_CERT_FILE=/trust/ca-bundle.pem
            REQUESTS_CA_BUNDLE=/trust/ca-bundle.pem
            CURL_CA_BUNDLE=/trust/ca-bundle.pem
            NODE_EXTRA_CA_CERTS=/trust/pod-ca.pem
            JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=/trust/truststore.p12 -Djavax.net.ssl.trustStorePassword=changeit
            """);
  }

  @Test
  void filesOfAPredecessorAreReplaced() throws Exception {
    new TrustFiles(folder).write(system, newRoot());
    Files.writeString(folder.resolve(".pod-ca.pem.new"), "left behind");

    new TrustFiles(folder).write(system, root);

    assertThat(pem("pod-ca.pem")).containsExactly(root);
    assertThat(pem("ca-bundle.pem")).containsExactly(ofSystem(), root);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(4);
    }
  }

  /** As a volume of Kubernetes is: of another owner, open to all. */
  @Test
  void folderThatIsThereKeepsItsMode() throws IOException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));

    new TrustFiles(folder).write(system, root);

    assertThat(mode(folder)).isEqualTo("rwxrwxrwx");
  }

  @Test
  void folderThatTheAgentCouldNotReadIsOpened() throws IOException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));

    new TrustFiles(folder).write(system, root);

    assertThat(mode(folder)).isEqualTo("rwxr-xr-x");
  }

  @Test
  void withoutASystemBundleTheRuntimesCertificatesTakeItsPlace() throws IOException {
    new TrustFiles(folder).write(temp.resolve("absent.pem"), root);

    assertThat(pem("ca-bundle.pem")).hasSizeGreaterThan(50).endsWith(root);
  }

  @Test
  void systemBundleThatIsNoneIsAnError() throws IOException {
    Files.writeString(system, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

    assertThatIOException()
        .isThrownBy(() -> new TrustFiles(folder).write(system, root))
        .withMessageStartingWith(system + " is not a bundle of certificates: ");
    assertThat(folder.resolve("ca-bundle.pem")).doesNotExist();
  }

  private List<X509Certificate> pem(String name) throws IOException {
    return Chains.read(Files.readAllBytes(folder.resolve(name)));
  }

  private X509Certificate ofSystem() throws IOException {
    return Chains.read(Files.readAllBytes(system)).getFirst();
  }

  private static String mode(Path path) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    } catch (IOException gone) {
      throw new AssertionError(gone);
    }
  }

  private static X509Certificate newRoot() {
    return new PodAuthority(List.of("mcp.example.com"), Instant.now(), new SecureRandom()).root();
  }
}
