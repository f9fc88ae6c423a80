package dev.valetkey.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.Faults;
import dev.valetkey.testkit.Http;
import dev.valetkey.testkit.TestCa;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tokens that are bound to a certificate (RFC 8705 §3): of use only where Envoy shows that one to
 * the server.
 */
@Timeout(60)
final class CertificateIT {
  private static final AtomicInteger USERS = new AtomicInteger();

  @TempDir private static Path folder;

  private static TestCa.Certificate own;
  private static TestCa.Certificate other;
  private static Pod pod;

  private String user;

  @BeforeAll
  static void start() {
    TestCa ca = TestCa.create(folder);
    own = ca.issue("dns:agent.example");
    other = ca.issue("dns:agent.example");
    String trust = "ca_file: " + ca.pem() + ", server_name: ";
    String shown = ", cert_file: " + own.chain() + ", key_file: " + own.key();
    TestCa.Certificate github = ca.issue("dns:github.example").demanding();
    TestCa.Certificate jira = ca.issue("dns:jira.example");
    pod =
        new PodFile()
            .exchange("github")
            .tls(trust + "github.example" + shown)
            .with(options -> options.withTls(github))
            .exchange("jira")
            .tls(trust + "jira.example")
            .with(options -> options.withTls(jira))
            .start();
  }

  @AfterAll
  static void stop() {
    pod.close();
  }

  @BeforeEach
  void signIn() {
    user = pod.issuer().userToken("user-" + USERS.incrementAndGet());
    pod.issuer().faults().clear();
    pod.servers().values().forEach(server -> server.requests().clear());
  }

  // R-CL-5, R-BC-3
  @Test
  void tokenIsUsedWhereEnvoyShowsItsCertificate() {
    bindTo(own);

    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);

    assertThat(pod.server("github").server().clientCertificates())
        .isNotEmpty()
        .allSatisfy(shown -> assertThat(shown).isEqualTo(certificate(own)));
  }

  // R-CL-5, TM-REUSE
  @Test
  void tokenOfAnotherCertificateIsNotUsed() {
    bindTo(other);

    assertThatRefused("github");
  }

  // R-CL-5
  @Test
  void boundTokenIsNotUsedWhereEnvoyShowsNoCertificate() {
    bindTo(own);

    assertThatRefused("jira");
  }

  @Test
  void tokenThatIsNotBoundIsUsedAnywhere() {
    assertThat(pod.agent().call("github", user).status()).isEqualTo(200);
    assertThat(pod.agent().call("jira", user).status()).isEqualTo(200);
  }

  private void assertThatRefused(String server) {
    Http.Response answer = pod.agent().call(server, user);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(Agent.code(answer)).isEqualTo("issued_binding");
    assertThat(pod.server(server).requests().count()).isZero();
  }

  private static void bindTo(TestCa.Certificate certificate) {
    Map<String, String> key = Map.of("x5t#S256", thumbprint(certificate));
    pod.issuer()
        .faults()
        .token(Fault.issuedClaims(claims -> claims.put("cnf", key)), Faults.ALWAYS);
  }

  private static String thumbprint(TestCa.Certificate certificate) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(certificate(certificate).getEncoded());
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (GeneralSecurityException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static Certificate certificate(TestCa.Certificate of) {
    try {
      byte[] pem = Files.readAllBytes(of.chain());
      return CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(pem));
    } catch (IOException | GeneralSecurityException broken) {
      throw new IllegalStateException(broken);
    }
  }
}
