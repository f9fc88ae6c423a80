package dev.valetkey.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.valetkey.testkit.Fault;
import dev.valetkey.testkit.TestCa;
import dev.valetkey.token.Rejection;
import dev.valetkey.token.TokenOutcome;
import dev.valetkey.token.TokenRequest;
import dev.valetkey.token.User;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A token that is bound to a certificate opens nothing without it (RFC 8705 §3, trap 31). */
class BoundTokenTest extends GrantContract {
  private TestCa.Certificate first;
  private TestCa.Certificate second;
  private User alice;

  @BeforeAll
  void issue(@TempDir Path given) {
    TestCa ca = TestCa.create(given);
    first = ca.localhost();
    second = ca.localhost();
  }

  @BeforeEach
  void signIn() throws IOException {
    alice = Requests.user(corp.issuer(), "alice", corp.userToken("alice"));
    Files.copy(first.chain(), folder.resolve("envoy.pem"));
    Files.copy(first.key(), folder.resolve("envoy-key.pem"));
  }

  @Override
  TokenRequest request() {
    return request("upstream: {tls: {cert_file: envoy.pem, key_file: envoy-key.pem}}");
  }

  // R-CL-5
  @Test
  void tokenBoundToTheCertificateThatEnvoyShowsIsUsed() throws Exception {
    bindTo(first);

    assertThat(acquire()).isInstanceOf(TokenOutcome.Granted.class);
  }

  // R-CL-5
  @Test
  void tokenBoundToAnotherCertificateIsRefused() throws Exception {
    bindTo(second);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_BINDING));
  }

  // R-CL-5
  @Test
  void boundTokenIsRefusedWhereEnvoyShowsNoCertificate() throws Exception {
    bindTo(first);

    assertThat(acquirer.acquire(request("early_expiry: 0s"), time.deadline()))
        .isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_BINDING));
  }

  @Test
  void certificateThatWasRotatedCountsAtOnce() throws Exception {
    TokenRequest request = request();
    Files.writeString(folder.resolve("envoy.pem"), Files.readString(second.chain()));
    bindTo(second);

    assertThat(acquirer.acquire(request, time.deadline())).isInstanceOf(TokenOutcome.Granted.class);
  }

  // R-EX-6
  @Test
  void tokenBoundToAKeyThatNobodyHereHasIsRefused() {
    meet(Fault.issuedClaims(claims -> claims.put("cnf", Map.of("jkt", "CANARY-thumbprint"))), 1);

    assertThat(acquire()).isEqualTo(new TokenOutcome.Rejected(Rejection.ISSUED_BINDING));
  }

  private void bindTo(TestCa.Certificate certificate) throws Exception {
    byte[] leaf =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(certificate.chain())))
            .getEncoded();
    String thumbprint =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(MessageDigest.getInstance("SHA-256").digest(leaf));
    meet(Fault.issuedClaims(claims -> claims.put("cnf", Map.of("x5t#S256", thumbprint))), 1);
  }

  private TokenRequest request(String ofServer) {
    String yaml =
        "issuers:\n"
            + Written.issuer("corp", issuer.issuer())
            + Written.server("{audience: github-mcp, resource: []}", ofServer);
    return Written.request(folder, yaml, alice);
  }
}
